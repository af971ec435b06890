//! Commands that are printed to be copied. Each repeats what was given on the command line it follows from: the region, the
//! variables, the profile, the address, the simulation, what was chosen. Copied without them it would do something else
//! somewhere else. Nothing else in the program writes such a command.

use std::fmt;
use std::path::Path;

use evenkeel_core::plan::Until;
use evenkeel_core::saved::SavedPlan;

use crate::args::{self, Choice, Confirmation, Consent, Global, PARALLEL, Pace, Waits};
use crate::report::escape;
use crate::simulation::{self, PathOrSeed};

/// A command line, word by word.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Again {
    words: Vec<String>,
}

impl Again {
    /// A command without a file.
    pub fn of(words: &[&str]) -> Self {
        Self { words: std::iter::once("evenkeel").chain(words.iter().copied()).map(str::to_owned).collect() }
    }

    /// A command on a file.
    pub fn on(verb: &str, file: &Path) -> Self {
        let mut again = Self { words: vec!["evenkeel".to_owned(), verb.to_owned()] };
        if file != Path::new(args::STACK_FILE) {
            let file = file.display().to_string();
            // A file of that name would be taken for a flag.
            again.words.push(if file.starts_with('-') { format!("./{file}") } else { file });
        }
        again
    }

    /// With the stack file as a flag, for commands whose arguments are services.
    #[must_use]
    pub fn file(self, file: &Path) -> Self {
        if file == Path::new(args::STACK_FILE) { self } else { self.value("--file", &file.display().to_string()) }
    }

    /// The command that carries out a saved plan: what was chosen is in the file.
    pub fn saved(file: &Path, global: &Global) -> Self {
        Self::on("apply", file).place(global)
    }

    /// The command that makes a new plan for a file of that name, as the one that is saved there was made, if it can be read.
    pub fn plan_anew(file: &Path, global: &Global, saved: Option<&SavedPlan>) -> Self {
        let origin = saved.and_then(SavedPlan::stack_file);
        let again = Self::on("plan", Path::new(origin.unwrap_or(args::STACK_FILE))).place(global);
        let Some(options) = saved.map(|saved| &saved.options) else {
            return again.value("--out", &file.display().to_string());
        };
        let again = if options.destroy { again.flag("--destroy") } else { again };
        let again = if options.no_wait { again.flag("--no-wait") } else { again.until(&options.until) };
        let chosen = options.target.iter().map(|id| ("--target", id.to_string()));
        let chosen = chosen.chain(options.adopt.iter().map(|id| ("--adopt", id.to_string())));
        let chosen = chosen.chain(options.consent.iter().map(|id| ("--consent", id.to_string())));
        let again = chosen.fold(again, |again, (flag, id)| again.value(flag, &id));
        again.value("--out", &file.display().to_string())
    }

    /// The command that gives a simulated AWS what a stack presupposes.
    pub fn provide(stack: &Path, global: &Global) -> Self {
        let mut again = Self { words: ["evenkeel", "sim"].map(str::to_owned).to_vec() };
        if let Some(file) = global.simulate.sim.as_deref().filter(|file| *file != Path::new(simulation::FILE)) {
            again = again.value("--file", &file.display().to_string());
        }
        let stack = Self::on("provide", stack).words;
        again.words.extend(stack.into_iter().skip(1));
        let region = global.region.as_deref();
        region.into_iter().fold(again, |again, region| again.value("--region", region)).vars(global)
    }

    /// With one more flag.
    #[must_use]
    pub fn flag(mut self, flag: &str) -> Self {
        if !self.words.iter().any(|word| word == flag) {
            self.words.push(flag.to_owned());
        }
        self
    }

    /// With one more flag and its value.
    #[must_use]
    pub fn value(mut self, flag: &str, value: &str) -> Self {
        self.words.extend([flag.to_owned(), value.to_owned()]);
        self
    }

    /// With how far to wait.
    #[must_use]
    pub fn waits(self, waits: &Waits) -> Self {
        if waits.nothing() { self.flag("--no-wait") } else { self.until(&waits.until()) }
    }

    fn until(self, until: &Until) -> Self {
        match until {
            Until::Healthy => self,
            Until::Active => self.value("--wait", "active"),
            Until::Stage(name) => self.value("--wait", &format!("stage={name}")),
        }
    }

    /// With where it is: region, profile, address, simulation.
    #[must_use]
    pub fn place(self, global: &Global) -> Self {
        let given = [
            ("--region", global.region.as_ref()),
            ("--profile", global.profile.as_ref()),
            ("--endpoint-url", global.endpoint_url.as_ref()),
        ];
        let given = given.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        let mut again = given.fold(self, |again, (flag, value)| again.value(flag, value));
        let simulate = &global.simulate;
        if let Some(file) = &simulate.sim {
            again.words.push(match file.to_str() {
                Some(simulation::FILE) => "--sim".to_owned(),
                _ => format!("--sim={}", file.display()),
            });
        }
        if let Some(speed) = simulate.speed {
            again = again.value("--sim-speed", &speed.to_string());
        }
        match &simulate.faults {
            None => again,
            Some(PathOrSeed::Seed(seed)) => again.value("--sim-faults", &format!("seed={seed}")),
            Some(PathOrSeed::Path(path)) => again.value("--sim-faults", &path.display().to_string()),
        }
    }

    /// With the variables.
    #[must_use]
    pub fn vars(self, global: &Global) -> Self {
        global.vars.iter().fold(self, |again, (key, value)| again.value("--var", &format!("{key}={value}")))
    }

    /// With what was chosen.
    #[must_use]
    pub fn choice(self, choice: &Choice) -> Self {
        let again = choice.target.iter().fold(self, |again, id| again.value("--target", &id.to_string()));
        let again = choice.adopt.iter().fold(again, |again, id| again.value("--adopt", id));
        let again = if choice.adopt_all { again.flag("--adopt-all") } else { again };
        let again = if choice.build { again.flag("--build") } else { again };
        again.consent(&choice.allowed)
    }

    /// With what was consented to.
    #[must_use]
    pub fn consent(self, allowed: &Consent) -> Self {
        allowed.consent.iter().fold(self, |again, id| again.value("--consent", &id.to_string()))
    }

    /// With how it is carried out.
    #[must_use]
    pub fn run(self, Pace { parallel }: Pace, Confirmation { yes }: Confirmation) -> Self {
        let again = if parallel == PARALLEL { self } else { self.value("--parallel", &parallel.to_string()) };
        if yes { again.flag("--yes") } else { again }
    }
}

impl fmt::Display for Again {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.words.iter().map(|word| shell_word(word)).collect();
        f.write_str(&words.join(" "))
    }
}

/// A word as a shell reads it back. What a terminal would obey or hide is written as bytes, which bash and zsh read.
pub fn shell_word(word: &str) -> String {
    let plain = |one: char| one.is_ascii_alphanumeric() || "_-./:@%+=,".contains(one);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    if !word.chars().any(escape::is_unseen) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let bytes = |one: char| -> String {
        let mut buffer = [0; 4];
        one.encode_utf8(&mut buffer).bytes().map(|byte| format!("\\x{byte:02x}")).collect()
    };
    let shown = |one: char| match one {
        '\'' | '\\' => format!("\\{one}"),
        one if escape::is_unseen(one) => bytes(one),
        one => one.to_string(),
    };
    format!("$'{}'", word.chars().map(shown).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::command_line::{self, Args};
    use crate::commands::Command;

    fn read(line: &str) -> Args {
        command_line::parse(line.split(' ').map(OsString::from)).unwrap()
    }

    /// What is printed after a command line, for each command that prints one.
    fn again(line: &str) -> String {
        let Args { command, global } = read(line);
        match command {
            Command::Plan(of) => of.again(&of.files.stacks[0], &global).to_string(),
            Command::Apply(of) => of.again(&global, false).to_string(),
            Command::Destroy(of) => of.again(&global).to_string(),
            Command::Restart(of) => of.again(&global).to_string(),
            Command::Rollback(of) => of.again(&global).to_string(),
            Command::Continue(of) => of.steered().again(&global).to_string(),
            Command::StopDeployment(of) => of.steered().again(&global).to_string(),
            Command::Validate(_)
            | Command::Status(_)
            | Command::Logs(_)
            | Command::Exec(_)
            | Command::Outputs(_)
            | Command::List(_)
            | Command::Push(_)
            | Command::Explain(_)
            | Command::Graph(_)
            | Command::Schema(_)
            | Command::Secrets(_)
            | Command::Env(_)
            | Command::Sim(_)
            | Command::Completions(_) => unreachable!("these print none"),
        }
    }

    const PLACE: &str = "--region eu-west-2 --profile p --endpoint-url http://127.0.0.1:1";

    #[test]
    fn everything_that_was_given_is_repeated() {
        let chosen = "--var tag=7 --target service.web --adopt cluster.main --adopt-all --consent log_group.app";
        let given = format!("v.yaml {PLACE} {chosen} --no-wait");
        assert_eq!(again(&format!("evenkeel plan {given}")), format!("evenkeel apply {given}"));
        let given = format!("{given} --parallel 4 --yes");
        assert_eq!(again(&format!("evenkeel apply {given}")), format!("evenkeel apply {given}"));
        let given = format!("v.yaml {PLACE} --var tag=7 --consent log_group.app --parallel 4 --yes");
        assert_eq!(again(&format!("evenkeel destroy {given}")), format!("evenkeel destroy {given}"));
        let given = "--stack web --region eu-west-2 --consent log_group.app";
        assert_eq!(again(&format!("evenkeel destroy {given}")), format!("evenkeel destroy {given}"));
        let given = "--sim=w.json --sim-speed 600 --sim-faults seed=3";
        assert_eq!(again(&format!("evenkeel plan {given}")), format!("evenkeel apply {given}"));
        assert_eq!(again("evenkeel plan --destroy --sim"), "evenkeel destroy --sim");
        for wait in ["--wait active", "--wait stage=BAKE_TIME", "--no-wait"] {
            assert_eq!(again(&format!("evenkeel plan v.yaml {wait}")), format!("evenkeel apply v.yaml {wait}"));
        }
        for verb in ["rollback web --to 7", "continue web --rollback", "stop-deployment web --rollback"] {
            let given = format!("evenkeel {verb} --file v.yaml --sim --var tag=7 --yes");
            assert_eq!(again(&given), given);
        }
        let given = "restart web worker --file v.yaml --sim --var tag=7 --yes";
        assert_eq!(again(&format!("evenkeel {given}")), format!("evenkeel {given}"));
    }

    #[test]
    fn a_saved_plan_holds_what_was_chosen() {
        let global = read(&format!("evenkeel plan v.yaml {PLACE} --var tag=7")).global;
        assert_eq!(Again::saved(Path::new("p.json"), &global).to_string(), format!("evenkeel apply p.json {PLACE}"));
        assert_eq!(
            Again::plan_anew(Path::new("p q.json"), &global, None).to_string(),
            format!("evenkeel plan {PLACE} --out 'p q.json'")
        );
    }

    #[test]
    fn what_a_simulation_lacks_is_made_in_the_same_one() {
        let global = read("evenkeel plan --sim=w.json --region eu-west-2 --var tag=7").global;
        let line = "evenkeel sim --file w.json provide v.yaml --region eu-west-2 --var tag=7";
        assert_eq!(Again::provide(Path::new("v.yaml"), &global).to_string(), line);
        read(line);
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell_word("records.x/api.x/A"), "records.x/api.x/A");
        assert_eq!(shell_word("records.x/*.x/A"), "'records.x/*.x/A'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(shell_word("a\u{1b}[2J\u{202e}'"), r"$'a\x1b[2J\xe2\x80\xae\''");
    }
}
