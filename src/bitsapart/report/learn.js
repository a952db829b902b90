"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const SVG = "http://www.w3.org/2000/svg";
  const NATS = { bit: Math.LN2, nat: 1, hartley: Math.LN10 };

  // ---- the formulas: natural logarithms, 0·ln 0 = 0, p·ln(p/0) = ∞ ----
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const plogq = (p, q) => (p === 0 ? 0 : p * Math.log(q));
  const information = (p) => 0 - Math.log(p);
  const entropy = (p) => 0 - sum(p.map((v) => plogq(v, v)));
  const crossEntropy = (p, q) => 0 - sum(p.map((v, i) => plogq(v, q[i])));
  const divergence = (p, q) => sum(p.map((v, i) => (v === 0 ? 0 : v * Math.log(v / q[i]))));
  const logLikelihood = (heads, tails, theta) => plogq(heads, theta) + plogq(tails, 1 - theta);
  const absolute = (x, y) => Math.abs(x - y);
  const squared = (x, y) => (x - y) ** 2;
  const logarithmic = (x, y) => crossEntropy([x, 1 - x], [y, 1 - y]);
  const quotient = (a, b) => (a === 0 ? 0 : a / b);
  const slopes = {
    absolute: (x, y) => Math.sign(y - x),
    squared: (x, y) => 2 * (y - x),
    logarithmic: (x, y) => quotient(1 - x, 1 - y) - quotient(x, y),
  };

  // ---- showing numbers ----
  const unit = () => byId("unit").value;
  function shown(value, digits = 4) {
    if (Number.isNaN(value)) return "–";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
    const small = value !== 0 && Math.abs(value) < 10 ** -digits;
    return (small ? value.toExponential(3) : value.toFixed(digits)).replaceAll("-", "−");
  }
  function say(name, value, digits) {
    const place = byId(name);
    place.textContent = shown(value, digits);
    place.dataset.value = String(value);
    return place;
  }
  const unitOf = (key) => byId("unit").querySelector(`[value=${key}]`).textContent.split(" ")[0];
  const sayNats = (name, value, digits) => { say(name, value, digits).dataset.unit = unitOf("nat"); };
  const sayInformation = (name, nats, digits) => { say(name, nats / NATS[unit()], digits).dataset.unit = unitOf(unit()); };

  // ---- drawing ----
  function make(parent, name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  }
  function frame(id, { width, height, left = 44, right = 12, top = 14, bottom = 34, x, y }) {
    const svg = byId(id);
    svg.replaceChildren();
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const across = (v) => left + ((v - x[0]) / (x[1] - x[0])) * (width - left - right);
    const up = (v) => height - bottom - ((Math.min(Math.max(v, y[0]), y[1]) - y[0]) / (y[1] - y[0])) * (height - top - bottom);
    return { svg, across, up, width, height, left, right, top, bottom, x, y };
  }
  const ticks = (from, to, count) => {
    const raw = (to - from) / count, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((f) => f * power >= raw * 0.999);
    const found = [];
    for (let v = Math.ceil(from / step - 1e-9) * step; v <= to + step * 1e-9; v += step) found.push(Number(v.toPrecision(12)));
    return found;
  };
  function axes(f, title) {
    for (const v of ticks(...f.y, 5)) {
      make(f.svg, "line", { class: "grid", x1: f.left, x2: f.width - f.right, y1: f.up(v), y2: f.up(v) });
      make(f.svg, "text", { class: "pale", x: f.left - 6, y: f.up(v) + 4, "text-anchor": "end" }, String(v).replace("-", "−"));
    }
    for (const v of ticks(...f.x, 5)) make(f.svg, "text", { class: "pale", x: f.across(v), y: f.height - f.bottom + 16, "text-anchor": "middle" }, v);
    make(f.svg, "text", { class: "pale", x: (f.left + f.width - f.right) / 2, y: f.height - 3, "text-anchor": "middle" }, title);
  }
  function curve(f, kind, of) {
    const points = [];
    for (let i = 0; i <= 400; i++) {
      const v = f.x[0] + ((f.x[1] - f.x[0]) * i) / 400, w = of(v);
      if (Number.isFinite(w) && w <= f.y[1] * 1.02 + 1e-9 && w >= f.y[0] - Math.abs(f.y[0]) * 0.02) points.push(`${f.across(v).toFixed(1)},${f.up(w).toFixed(1)}`);
    }
    make(f.svg, "polyline", { class: `line ${kind}`, points: points.join(" ") });
  }
  const here = (f, v) => make(f.svg, "line", { class: "here", x1: f.across(v), x2: f.across(v), y1: f.top, y2: f.height - f.bottom });
  const dot = (f, kind, v, w) => Number.isFinite(w) && w <= f.y[1] && w >= f.y[0] && make(f.svg, "circle", { class: kind, cx: f.across(v), cy: f.up(w), r: 5 });

  // ---- 1: a cat ----
  function cat() {
    const x = Number(byId("cat-x").value), y = Number(byId("cat-y").value), per = NATS[unit()];
    const losses = { absolute: absolute(x, y), squared: squared(x, y), logarithmic: logarithmic(x, y) / per };
    say("cat-x-out", x, 2);
    say("cat-y-out", y, 3);
    for (const [name, value] of Object.entries(losses)) {
      const scale = name === "logarithmic" ? 1 / per : 1;
      const slope = slopes[name](x, y) * scale;
      say(`${name}-value`, value);
      say(`${name}-slope`, slope);
      say(`${name}-logit`, name === "logarithmic" ? (y - x) * scale : slope * y * (1 - y));
    }
    byId("logarithmic-value").dataset.unit = unitOf(unit());
    const f = frame("cat-picture", { width: 460, height: 300, x: [0, 1], y: [0, unit() === "bit" ? 4 : unit() === "nat" ? 3 : 1.5] });
    axes(f, "y");
    here(f, y);
    curve(f, "a", (v) => absolute(x, v));
    curve(f, "b", (v) => squared(x, v));
    curve(f, "c", (v) => logarithmic(x, v) / per);
    dot(f, "a", y, losses.absolute);
    dot(f, "b", y, losses.squared);
    dot(f, "c", y, losses.logarithmic);
  }

  // ---- 2: a coin; and that 2 and 3 are the same ----
  function coin() {
    const times = Number(byId("coin-repeat").value), theta = Number(byId("coin-theta").value);
    const tosses = byId("coin-tosses").value.toUpperCase().replace(/[^HT]/g, "");
    const heads = [...tosses].filter((t) => t === "H").length * times, tails = tosses.length * times - heads;
    const n = heads + tails, best = n ? heads / n : NaN;
    const ln = logLikelihood(heads, tails, theta), top = n ? logLikelihood(heads, tails, best) : 0;
    say("coin-theta-out", theta, 3);
    say("coin-repeat-out", times, 0);
    say("likelihood", n ? theta ** heads * (1 - theta) ** tails : 1, 6);
    sayNats("log-likelihood", ln);
    say("coin-best", best);
    say("coin-relative", Math.exp(ln - top));
    say("coin-typical", n ? Math.exp(ln / n) : NaN);
    const f = frame("coin-picture", { width: 460, height: 190, x: [0, 1], y: [0, 1] });
    axes(f, "θ");
    if (n) here(f, best);
    curve(f, "b", (v) => Math.exp(logLikelihood(heads, tails, v) - top));
    dot(f, "a", theta, Math.exp(ln - top));
    const low = n ? top - Math.max(3, 0.8 * n) : -1;
    const g = frame("coin-log-picture", { width: 460, height: 190, x: [0, 1], y: [low, top + 0.06 * (top - low)], left: 60 });
    axes(g, "θ");
    if (n) here(g, best);
    curve(g, "b", (v) => logLikelihood(heads, tails, v));
    dot(g, "a", theta, ln);
    same(n, best, theta, ln);
  }
  function same(n, best, theta, ln) {
    const p = [best, 1 - best], q = [theta, 1 - theta];
    const cross = n ? crossEntropy(p, q) : NaN;
    sayNats("same-nll", n ? 0 - ln / n : NaN, 6);
    sayNats("same-times", (cross / Math.LN2) * Math.LN2, 6);
    sayInformation("same-cross", cross, 6);
    sayInformation("same-own", n ? entropy(p) : NaN, 6);
    sayInformation("same-gap", n ? divergence(p, q) : NaN, 6);
  }

  // ---- 3: two systems of events ----
  const PRESETS = {
    weather: { en: [["sun", 60, 45], ["rain", 40, 35], ["snow", 0, 20]], zh: [["\u6674", 60, 45], ["\u96e8", 40, 35], ["\u96ea", 0, 20]] },
    eight: { en: [..."ABCDEFGH"].map((name, i) => [name, 10, i < 2 ? 40 : 10]) },
    same: { en: [["A", 50, 50], ["B", 25, 25], ["C", 25, 25]] },
    excluded: { en: [["A", 60, 100], ["B", 40, 0]] },
  };
  let events = [];
  function fill(name) {
    const preset = PRESETS[name];
    events = (preset[root.dataset.lang] ?? preset.en).map(([label, p, q]) => ({ label, p, q }));
    rows();
  }
  function rows() {
    const body = byId("events");
    body.replaceChildren();
    events.forEach((event, place) => {
      const row = body.insertRow();
      const label = document.createElement("input");
      Object.assign(label, { type: "text", value: event.label, maxLength: 24 });
      label.setAttribute("aria-label", byId("event-head").textContent);
      label.addEventListener("input", () => { event.label = label.value; systems(); });
      row.insertCell().append(label);
      for (const side of ["p", "q"]) {
        const slider = document.createElement("input");
        Object.assign(slider, { type: "range", min: 0, max: 100, step: 1, value: event[side] });
        slider.setAttribute("aria-label", `${side.toUpperCase()} ${event.label}`);
        slider.dataset.side = side;
        slider.addEventListener("input", () => { event[side] = Number(slider.value); systems(); });
        const cell = row.insertCell(), out = document.createElement("output");
        out.id = `${side}-${place}`;
        cell.append(slider, out);
      }
      for (const side of ["p", "q"]) Object.assign(row.insertCell(), { id: `info-${side}-${place}`, className: "num" });
      const gone = document.createElement("button");
      Object.assign(gone, { type: "button", textContent: "×", title: event.label });
      gone.setAttribute("aria-label", `${byId("remove-word").textContent} ${event.label}`);
      gone.addEventListener("click", () => { events.splice(place, 1); rows(); });
      row.insertCell().append(gone);
    });
    systems();
  }
  function normalised(side) {
    const total = sum(events.map((event) => event[side]));
    return events.map((event) => (total ? event[side] / total : NaN));
  }
  function systems() {
    const p = normalised("p"), q = normalised("q"), per = NATS[unit()];
    events.forEach((_, place) => {
      for (const [side, of] of [["p", p], ["q", q]]) {
        say(`${side}-${place}`, of[place], 3);
        sayInformation(`info-${side}-${place}`, information(of[place]), 3);
      }
    });
    sayInformation("h-p", entropy(p));
    sayInformation("h-q", entropy(q));
    sayInformation("h-pq", crossEntropy(p, q));
    sayInformation("kl-pq", divergence(p, q));
    sayInformation("kl-qp", divergence(q, p));
    for (const place of all(".count-p")) place.textContent = p.filter((v) => v > 0).length;
    for (const place of all(".count-q")) place.textContent = q.filter((v) => v > 0).length;
    areas(p, q, per);
  }
  function areas(p, q, per) {
    const heights = p.flatMap((v, i) => (v > 0 ? [information(v) / per, information(q[i]) / per] : [])).filter(Number.isFinite);
    const most = Math.max(1, ...heights) * 1.12;
    const f = frame("systems-picture", { width: 460, height: 300, x: [0, 1], y: [0, most] });
    axes(f, "P");
    let from = 0, path = "";
    p.forEach((v, i) => {
      if (!(v > 0)) return;
      const own = information(v) / per, other = Math.min(information(q[i]) / per, most);
      const [left, right, base] = [f.across(from), f.across(from + v), f.up(0)];
      make(f.svg, "rect", { class: "fill", x: left, width: right - left, y: f.up(own), height: base - f.up(own) });
      const [high, low] = [f.up(Math.max(own, other)), f.up(Math.min(own, other))];
      make(f.svg, "rect", { class: other > own ? "gap" : "gap less", x: left, width: right - left, y: high, height: low - high });
      path += `${path ? "L" : "M"}${left.toFixed(1)},${f.up(other).toFixed(1)}H${right.toFixed(1)}`;
      if (right - left > 26) make(f.svg, "text", { x: (left + right) / 2, y: base - 6, "text-anchor": "middle" }, [...events[i].label].slice(0, Math.max(1, Math.floor((right - left) / 9))).join(""));
      from += v;
    });
    if (path) make(f.svg, "path", { class: "top", d: path });
  }

  // ---- controls ----
  function everything() { cat(); coin(); systems(); }
  for (const id of ["cat-x", "cat-y"]) byId(id).addEventListener("input", cat);
  for (const id of ["coin-theta", "coin-repeat", "coin-tosses"]) byId(id).addEventListener("input", coin);
  for (const [id, side] of [["coin-heads", "H"], ["coin-tails", "T"]]) byId(id).addEventListener("click", () => { byId("coin-tosses").value += side; coin(); });
  byId("coin-maximum").addEventListener("click", () => {
    const best = Number(byId("coin-best").dataset.value);
    if (Number.isFinite(best)) byId("coin-theta").value = best;
    coin();
  });
  byId("unit").addEventListener("change", everything);
  for (const button of all("button[data-preset]")) button.addEventListener("click", () => fill(button.dataset.preset));
  byId("event-add").addEventListener("click", () => { events.push({ label: String.fromCharCode(65 + events.length % 26), p: 10, q: 10 }); rows(); });

  function speak(lang) {
    root.dataset.lang = lang;
    root.lang = lang;
    document.title = root.dataset[lang === "zh" ? "titleZh" : "titleEn"];
    for (const option of all("option[data-zh]")) option.textContent = option.dataset[lang];
    const [from, to] = lang === "zh" ? ["en", "zh"] : ["zh", "en"];
    for (const event of events) {
      const place = PRESETS.weather[from].findIndex(([label]) => label === event.label);
      if (place >= 0) event.label = PRESETS.weather[to][place][0];
    }
    rows();
    cat();
    coin();
  }
  byId("language").value = root.dataset.lang;
  byId("language").addEventListener("change", () => speak(byId("language").value));
  const theme = byId("theme");
  theme.addEventListener("change", () => { root.dataset.theme = theme.value; });
  fill("weather");
  everything();
})();
