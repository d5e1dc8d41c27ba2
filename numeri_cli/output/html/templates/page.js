"use strict";
(function () {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const plots = [];

  function dark() {
    return (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
  }

  // What depends on the theme, for the layout of one figure, as plotly's dotted paths.
  function colours(layout) {
    const style = getComputedStyle(root);
    const of = (name) => style.getPropertyValue(name).trim();
    const set = {
      "font.color": of("--text"),
      "hoverlabel.bgcolor": of("--card"),
      "hoverlabel.bordercolor": of("--line"),
      "hoverlabel.font.color": of("--text"),
    };
    for (const axis of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      set[axis + ".gridcolor"] = of("--grid");
      set[axis + ".zerolinecolor"] = of("--soft");
      set[axis + ".linecolor"] = of("--line");
    }
    return set;
  }

  function recolour() {
    for (const plot of plots) Plotly.relayout(plot, colours(plot.layout));
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", "Show in " + (dark() ? "light" : "dark") + " colours");
  }

  // On a phone fewer eras are named, and long names are smaller.
  function fit(layout, width) {
    if (width > 560) return;
    for (const axis of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      const one = layout[axis];
      const named = (_, place) => place % 3 === 0;
      if (axis[0] === "x" && one.ticktext) one.ticktext = one.ticktext.filter(named);
      if (axis[0] === "x" && one.tickvals) one.tickvals = one.tickvals.filter(named);
      if (axis[0] === "x" && one.nticks) one.nticks = Math.min(one.nticks, 5);
      if (axis[0] === "y" && one.type === "category") one.tickfont = { size: 9 };
    }
    layout.margin = Object.assign({}, layout.margin, { l: 44, r: 6 });
  }

  // Without the library, as when a page was moved alone, the pictures stay as they are.
  function draw() {
    button.hidden = false;
    if (typeof Plotly === "undefined") {
      recolour();
      root.dataset.drawn = "0";
      return;
    }
    root.dataset.scripted = "";
    const config = { responsive: true, displayModeBar: false, displaylogo: false };
    const drawn = [];
    for (const script of document.querySelectorAll("script[data-for]")) {
      const plot = document.getElementById(script.dataset.for);
      const figure = JSON.parse(script.textContent);
      figure.layout.font = { family: getComputedStyle(document.body).fontFamily, size: 13 };
      fit(figure.layout, plot.clientWidth);
      drawn.push(Plotly.newPlot(plot, figure.data, figure.layout, config));
      plots.push(plot);
    }
    recolour();
    Promise.all(drawn).then(() => { root.dataset.drawn = String(drawn.length); });
  }

  button.addEventListener("click", function () {
    root.dataset.theme = dark() ? "light" : "dark";
    recolour();
  });
  system.addEventListener("change", recolour);
  window.addEventListener("beforeprint", function () {
    recolour();
    for (const plot of plots) Plotly.Plots.resize(plot);
  });
  window.addEventListener("afterprint", recolour);
  document.addEventListener("DOMContentLoaded", draw);
})();
