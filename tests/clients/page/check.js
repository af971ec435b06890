"use strict";
// Looks at the pages of `evenkeel graph` as a person would, inside a browser: each is loaded into a frame, measured, clicked through,
// and whatever is wrong is written into this page as JSON.
const pages = JSON.parse(document.getElementById("pages").textContent);
const wrong = [];
const inside = (a, b, slack) =>
  a.x >= b.x - slack && a.y >= b.y - slack && a.x + a.width <= b.x + b.width + slack && a.y + a.height <= b.y + b.height + slack;

const measure = (say, page) => {
  const boxes = [...page.querySelectorAll(".box")];
  for (const box of boxes) {
    const body = box.querySelector(".body").getBBox();
    for (const text of box.querySelectorAll("text")) {
      if (!inside(text.getBBox(), body, 1)) say(`"${text.textContent}" leaves its box`);
    }
  }
  for (const line of page.querySelectorAll(".line")) {
    const under = line.querySelector(".under")?.getBBox();
    for (const text of line.querySelectorAll("text")) {
      if (!inside(text.getBBox(), under, 3)) say(`the label "${text.textContent}" is wider than its room`);
    }
    const way = line.querySelector("path"), length = way.getTotalLength();
    for (const box of boxes) {
      if ([line.dataset.from, line.dataset.to].includes(box.dataset.id)) continue;
      const body = box.querySelector(".body").getBBox();
      for (let at = 0; at <= length; at += 3) {
        const { x, y } = way.getPointAtLength(at);
        if (inside({ x, y, width: 0, height: 0 }, body, -1)) {
          say(`the line from ${line.dataset.from} to ${line.dataset.to} runs through ${box.dataset.id}`);
          break;
        }
      }
    }
  }
  return boxes;
};

const use = (say, window, page, boxes, fields) => {
  const svg = page.querySelector("svg"), panel = page.getElementById("panel"), search = page.getElementById("search");
  const view = () => svg.getAttribute("viewBox").split(" ").map(Number);
  const press = (on, key) => on.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true }));
  // A small window begins with a part.
  press(page.body, "0");
  const whole = view();
  page.getElementById("in").click();
  if (!(view()[2] < whole[2])) say("+ does not zoom in");
  svg.dispatchEvent(new window.WheelEvent("wheel", { deltaY: 300, clientX: 300, clientY: 300, bubbles: true, cancelable: true }));
  if (!(view()[2] > whole[2] * 0.8)) say("the wheel does not zoom out");
  const before = view();
  press(page.body, "ArrowRight");
  if (!(view()[0] > before[0])) say("an arrow does not move the picture");
  press(page.body, "0");
  if (view().join() !== whole.join()) say("0 does not show everything");
  for (const box of boxes) {
    const title = box.querySelector("title").textContent;
    box.dispatchEvent(new window.MouseEvent("click", { bubbles: true }));
    if (panel.hidden) say(`a click on ${title} opens nothing`);
    for (const id of fields[box.dataset.id]) if (!panel.textContent.includes(id)) say(`the panel of ${title} lacks ${id}`);
    press(page.body, "Escape");
    if (!panel.hidden) say("Escape does not close the panel");
    press(box, "Enter");
    if (panel.hidden) say(`Enter on ${title} opens nothing`);
    page.getElementById("close").click();
  }
  const seek = words => {
    search.value = words;
    search.dispatchEvent(new window.Event("input", { bubbles: true }));
    return boxes.filter(box => !box.classList.contains("faint"));
  };
  for (const box of boxes) if (!seek(box.dataset.id).includes(box)) say(`search does not find ${box.dataset.id}`);
  if (seek("no box says this").length > 0) say("search finds what is not there");
  if (seek("").length !== boxes.length) say("an empty search hides boxes");
};

const next = () => {
  const one = pages.shift();
  if (!one) {
    document.getElementById("result").textContent = JSON.stringify({ done: true, wrong });
    return;
  }
  const frame = document.createElement("iframe");
  frame.width = 1280;
  frame.height = 800;
  frame.onload = () => {
    const say = words => wrong.push(`${one.name}: ${words}`);
    try {
      use(say, frame.contentWindow, frame.contentDocument, measure(say, frame.contentDocument), one.fields);
    } catch (error) {
      say(String(error.stack ?? error));
    }
    frame.remove();
    next();
  };
  frame.srcdoc = one.page;
  document.body.append(frame);
};
next();
