"use strict";
// The page around a picture: moving and zooming it, what a box says, and search. Reads the picture's data from the page; asks nobody.
(() => {
  const picture = JSON.parse(document.getElementById("data").textContent);
  const view = document.getElementById("view");
  const svg = view.querySelector("svg");
  const panel = document.getElementById("panel");
  const body = document.getElementById("body");
  const search = document.getElementById("search");
  const boxes = [...svg.querySelectorAll(".box")];
  const lines = [...svg.querySelectorAll(".line")];
  const whole = { w: svg.viewBox.baseVal.width, h: svg.viewBox.baseVal.height };
  let home = whole.w;
  let at = { x: 0, y: 0, w: whole.w, h: whole.h };

  const show = () => svg.setAttribute("viewBox", [at.x, at.y, at.w, at.h].join(" "));
  // Pixels of the screen to units of the picture.
  const scale = () => Math.max(at.w / view.clientWidth, at.h / view.clientHeight);
  const place = (x, y) => {
    const rim = view.getBoundingClientRect(), s = scale();
    return { x: at.x + at.w / 2 + (x - rim.left - rim.width / 2) * s, y: at.y + at.h / 2 + (y - rim.top - rim.height / 2) * s };
  };
  const zoom = (by, about = { x: at.x + at.w / 2, y: at.y + at.h / 2 }) => {
    const w = Math.min(Math.max(at.w * by, home / 20), home * 4), f = w / at.w;
    at = { x: about.x - (about.x - at.x) * f, y: about.y - (about.y - at.y) * f, w, h: at.h * f };
    show();
  };
  const move = (dx, dy) => { at.x += dx; at.y += dy; show(); };
  const fit = () => {
    // A small picture is not blown up.
    const more = Math.max(1, Math.min(view.clientWidth / whole.w, view.clientHeight / whole.h) / 1.25);
    home = whole.w * more;
    at = { x: whole.w * (1 - more) / 2, y: whole.h * (1 - more) / 2, w: home, h: whole.h * more };
    show();
  };

  view.addEventListener("wheel", event => {
    event.preventDefault();
    zoom(Math.exp(event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), place(event.clientX, event.clientY));
  }, { passive: false });

  const fingers = new Map();
  let moved = false;
  view.addEventListener("pointerdown", event => {
    if (fingers.size === 0) moved = false;
    fingers.set(event.pointerId, event);
  });
  view.addEventListener("pointermove", event => {
    const old = fingers.get(event.pointerId);
    if (!old) return;
    const dx = event.clientX - old.clientX, dy = event.clientY - old.clientY;
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) { moved = true; view.setPointerCapture(event.pointerId); view.classList.add("moving"); }
    if (fingers.size === 2) {
      const other = [...fingers.values()].find(one => one.pointerId !== event.pointerId);
      const far = one => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
      zoom(far(old) / far(event), place((event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2));
    } else {
      move(-dx * scale(), -dy * scale());
    }
    fingers.set(event.pointerId, event);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    view.addEventListener(end, event => { fingers.delete(event.pointerId); view.classList.remove("moving"); });
  }

  const add = (parent, tag, text, set = {}) => {
    const made = document.createElement(tag);
    made.textContent = text;
    for (const [name, value] of Object.entries(set)) made.setAttribute(name, value);
    parent.append(made);
    return made;
  };
  const change = (parent, it) => {
    if (it) add(parent, "p", `${it.sign} ${it.word}: ${it.why}`, { class: "change", "data-change": it.word.split(" ")[0] });
  };
  const member = it => {
    add(body, "h3", it.id);
    change(body, it.change);
    if (it.place) add(body, "p", it.place);
    add(body, "pre", it.fields.map(field => `${"  ".repeat(field.depth)}${field.sign.trim() ? field.sign + " " : ""}${field.text}`).join("\n"));
  };
  const title = id => {
    const box = picture.boxes.find(box => box.id === id);
    return `${box.what.split(",")[0]} ${box.title}`;
  };
  const way = (list, words, edge) => {
    const label = edge.label.length ? ` (${edge.label.join(", ")})` : "";
    const line = add(list, "li", `${words}${label}`);
    if (edge.open) add(line, "p", `open: ${edge.open}`);
    if (edge.closed) add(line, "p", `✗ not open: ${edge.closed}`, { class: "bad" });
  };

  // Moves the picture if a box is not in sight.
  const reveal = area => {
    const x = area.x + area.width / 2, y = area.y + area.height / 2;
    const w = view.clientWidth * scale(), h = view.clientHeight * scale();
    if (Math.abs(x - at.x - at.w / 2) > w / 2 || Math.abs(y - at.y - at.h / 2) > h / 2) move(x - at.x - at.w / 2, y - at.y - at.h / 2);
  };

  let chosen = null;
  const choose = id => {
    chosen = id;
    boxes.forEach(box => box.classList.toggle("chosen", box.dataset.id === id));
    panel.hidden = id === null;
    body.replaceChildren();
    if (id === null) return;
    if (id === "") {
      add(body, "h2", "Resources without a box");
      picture.others.forEach(member);
      return;
    }
    const box = picture.boxes.find(one => one.id === id);
    add(body, "h2", box.title);
    add(body, "p", box.what);
    change(body, box.change);
    box.details.forEach(detail => add(body, "p", detail));
    const list = add(body, "ul", "");
    picture.lines.filter(edge => edge.to === id).forEach(edge => way(list, `from ${title(edge.from)}`, edge));
    picture.lines.filter(edge => edge.from === id).forEach(edge => way(list, `to ${title(edge.to)}`, edge));
    box.members.forEach(member);
    panel.scrollTop = 0;
    reveal(boxes.find(one => one.dataset.id === id).querySelector(".body").getBBox());
  };
  const words = box => JSON.stringify(picture.boxes.find(one => one.id === box.dataset.id)).toLowerCase();
  const seek = () => {
    const sought = search.value.trim().toLowerCase();
    const found = new Set(boxes.filter(box => words(box).includes(sought)).map(box => box.dataset.id));
    boxes.forEach(box => box.classList.toggle("faint", !found.has(box.dataset.id)));
    lines.forEach(line => line.classList.toggle("faint", sought !== "" && !(found.has(line.dataset.from) && found.has(line.dataset.to))));
    return [...found];
  };

  // Where a window is small, what can be read at the top is worth more than everything too small to read.
  const start = () => {
    fit();
    const smallest = 1.6, first = boxes.find(box => box.classList.contains("outside")) ?? boxes[0];
    if (scale() <= smallest || !first) return;
    const area = first.querySelector(".body").getBBox();
    zoom(smallest / scale());
    at.x = Math.max(0, Math.min(area.x + area.width / 2 - at.w / 2, whole.w - at.w));
    at.y = (at.h - view.clientHeight * smallest) / -2;
    show();
  };
  start();
  const linked = decodeURIComponent(location.hash.slice(1));
  if (picture.boxes.some(box => box.id === linked)) choose(linked);
  boxes.forEach(box => {
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    box.addEventListener("click", () => { if (!moved) choose(box.dataset.id); });
  });
  svg.addEventListener("click", event => { if (!moved && !event.target.closest(".box")) choose(null); });
  search.addEventListener("input", seek);
  document.getElementById("in").addEventListener("click", () => zoom(0.8));
  document.getElementById("out").addEventListener("click", () => zoom(1.25));
  document.getElementById("fit").addEventListener("click", fit);
  document.getElementById("rest").addEventListener("click", () => choose(chosen === "" ? null : ""));
  document.getElementById("close").addEventListener("click", () => choose(null));
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { search.value = ""; seek(); choose(null); return; }
    if (event.target === search) {
      const found = seek();
      if (event.key === "Enter" && found.length) choose(found[0]);
      return;
    }
    const box = event.target.closest?.(".box");
    const keys = {
      "+": () => zoom(0.8), "=": () => zoom(0.8), "-": () => zoom(1.25), "0": fit,
      ArrowLeft: () => move(-at.w / 12, 0), ArrowRight: () => move(at.w / 12, 0),
      ArrowUp: () => move(0, -at.h / 12), ArrowDown: () => move(0, at.h / 12),
      "/": () => search.focus(),
      ...(box && { Enter: () => choose(box.dataset.id), " ": () => choose(box.dataset.id) }),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
})();
