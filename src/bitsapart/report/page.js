"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const remembered = (key) => { try { return localStorage.getItem(`bitsapart-${key}`); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(`bitsapart-${key}`, value); } catch { /* a file may not store */ } };

  function speak(lang) {
    root.dataset.lang = lang;
    root.lang = lang;
    document.title = root.dataset[lang === "zh" ? "titleZh" : "titleEn"];
    for (const option of all("option[data-zh]")) option.textContent = option.dataset[lang];
  }
  const language = document.getElementById("language");
  language.value = root.dataset.lang;
  language.addEventListener("change", () => speak(language.value));

  const theme = document.getElementById("theme");
  const paint = (name) => { root.dataset.theme = name; theme.value = name; };
  paint(remembered("theme") ?? "auto");
  theme.addEventListener("change", () => { paint(theme.value); remember("theme", theme.value); });

  function choose(place) {
    for (const part of all("[data-model]")) part.hidden = part.dataset.model !== place;
    for (const row of all("tr[data-row]")) row.classList.toggle("chosen", row.dataset.row === place);
    for (const picker of all("select.model")) picker.value = place;
  }
  for (const picker of all("select.model")) picker.addEventListener("change", () => choose(picker.value));
  if (document.querySelector("[data-model]")) choose("0");

  for (const picker of all("select[data-picks]")) {
    const show = () => {
      for (const part of all(`[data-of="${picker.dataset.picks}"]`)) part.hidden = part.dataset.part !== picker.value;
    };
    picker.addEventListener("change", show);
    show();
  }

  const valueOf = (row, column) => {
    const cell = row.cells[column];
    const plain = cell.dataset.v;
    return plain === undefined ? cell.textContent.trim() : Number(plain);
  };
  for (const button of all("th button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th");
      const body = head.closest("table").tBodies[0];
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentElement.cells) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [valueOf(a, head.cellIndex), valueOf(b, head.cellIndex)];
        const order = typeof x === "number" && typeof y === "number" ? (x < y ? -1 : x > y ? 1 : 0) : String(x).localeCompare(String(y));
        return down ? -order : order;
      });
      body.append(...rows);
    });
  }
})();
