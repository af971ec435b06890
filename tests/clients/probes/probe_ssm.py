"""Probes of parameters: names, versions, tiers, batches and pages.

Decides what Parameter Store refuses.
"""

from harness import Part, probe


def put(t, suffix="", value="v", **more):
    """Stores a text parameter below the probe's own path; its name."""
    name = f"/{t.name}{suffix}"
    t.ssm.put_parameter(Name=name, Value=value, Type="String", **more)
    return name


@probe("ssm.put.exists")
def exists(t):
    name = put(t)
    t.refused("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the "
              "overwrite option in the request to true.", t.ssm.put_parameter, Name=name, Value="w",
              Type="String")


@probe("ssm.unknown-has-empty-message.{0}", cases=(("get_parameter",), ("delete_parameter",)))
def unknown(t, operation):
    t.refused("ParameterNotFound", "", getattr(t.ssm, operation), Name="/" + t.name)


@probe("ssm.get-many.unknown-names-are-listed")
def unknown_many(t):
    name = put(t)
    answer = t.ssm.get_parameters(Names=[name, "/none/" + t.name])
    t.equal(([item["Name"] for item in answer["Parameters"]], answer["InvalidParameters"]),
            ([name], ["/none/" + t.name]))


@probe("ssm.batch-11.{0}", cases=(("get_parameters",), ("delete_parameters",)))
def batch(t, operation):
    t.refused("ValidationException",
              Part("at 'names' failed to satisfy constraint: Member must have length less than or equal to 10"),
              getattr(t.ssm, operation), Names=[f"/{t.name}/{n}" for n in range(11)])


@probe("ssm.pages.size.{0}", cases=(
    ("get_parameters_by_path", 11, 10, {"Path": "/"}), ("describe_parameters", 51, 50, {})))
def page_size(t, operation, size, limit, more):
    t.refused("ValidationException", Part(f"Value '{size}' at 'maxResults' failed to satisfy constraint: "
                                          f"Member must have value less than or equal to {limit}"),
              getattr(t.ssm, operation), MaxResults=size, **more)


@probe("ssm.put.{0}", cases=(
    ("tags-with-overwrite", {"Overwrite": True, "Tags": [{"Key": "a", "Value": "b"}]}, "ValidationException",
     Part("tags and overwrite can't be used together.")),
    ("over-4-kib", {"Value": "x" * 4097}, "ValidationException",
     Part("Standard tier parameters support a maximum parameter value of 4096 characters.")),
    ("name-of-aws", {"Name": "/aws/mine"}, "ValidationException|AccessDeniedException", None),
    ("name-of-ssm", {"Name": "ssm-mine"}, "ValidationException",
     Part("can't be prefixed with \"aws\" or \"ssm\"")),
    ("16-levels", {"Name": "/a" * 16}, "HierarchyLevelLimitExceededException|ValidationException", None),
    ("pattern", {"AllowedPattern": "^[0-9]+$", "Value": "letters"}, "ParameterPatternMismatchException", None),
    ("type", {"Type": "Moon"}, "ValidationException",
     Part("at 'type' failed to satisfy constraint: Member must satisfy enum value set:")),
    ("no-value", {"Value": None}, "ValidationException",
     Part("Value null at 'value' failed to satisfy constraint: Member must not be null"))))
def bad_put(t, _case, spoil, code, text):
    request = {"Name": "/" + t.name, "Value": "v", "Type": "String", **spoil}
    t.refused(code, text, t.ssm.put_parameter, **{k: v for k, v in request.items() if v is not None})


@probe("ssm.put.tier-down")
def tier_down(t):
    name = put(t, Tier="Advanced")
    t.refused("ValidationException", None, t.ssm.put_parameter, Name=name, Value="v", Type="String",
              Tier="Standard", Overwrite=True)


@probe("ssm.put.versions-count")
def versions(t):
    name = put(t)
    answer = t.ssm.put_parameter(Name=name, Value="v", Type="String", Overwrite=True)
    t.equal((answer["Version"], answer["Tier"]), (2, "Standard"), "version and tier")


@probe("ssm.get.unknown-version")
def unknown_version(t):
    name = put(t)
    t.refused("ParameterVersionNotFound", Part(name), t.ssm.get_parameter, Name=name + ":99")


@probe("ssm.path.no-slash")
def no_slash(t):
    t.refused("ValidationException", Part("The parameter name must begin with a forward slash \"/\"."),
              t.ssm.get_parameters_by_path, Path=t.name)


@probe("ssm.path.unknown-is-empty")
def unknown_path(t):
    t.equal(t.ssm.get_parameters_by_path(Path="/" + t.name)["Parameters"], [])


@probe("ssm.tags.unknown-parameter.{0}", cases=(("list_tags_for_resource",), ("add_tags_to_resource",)))
def tags_unknown(t, operation):
    more = {"Tags": [{"Key": "a", "Value": "b"}]} if operation.startswith("add") else {}
    t.refused("InvalidResourceId", None, getattr(t.ssm, operation), ResourceType="Parameter",
              ResourceId="/" + t.name, **more)


@probe("ssm.pages.by-path", region="us-west-2")
def page_path(t):
    wanted = [put(t, f"/{n}") for n in range(5)]
    pages = t.walk(t.ssm.get_parameters_by_path, "Parameters", ("NextToken", "NextToken"),
                   Path="/" + t.name, MaxResults=2)
    t.once(pages, wanted, 2, lambda item: item["Name"])


@probe("ssm.pages.by-path-default-10", region="us-west-2")
def page_default(t):
    wanted = [put(t, f"/{n:02d}") for n in range(12)]
    pages = t.walk(t.ssm.get_parameters_by_path, "Parameters", ("NextToken", "NextToken"), Path="/" + t.name)
    t.once(pages, wanted, 10, lambda item: item["Name"])


@probe("ssm.pages.describe", region="us-west-2")
def page_describe(t):
    wanted = [put(t, f"/d{n}") for n in range(5)]
    pages = t.walk(t.ssm.describe_parameters, "Parameters", ("NextToken", "NextToken"), MaxResults=2)
    t.once(pages, wanted, 2, lambda item: item["Name"])
