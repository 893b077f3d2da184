"use strict";
/* Curves drawn with uPlot: lines, dashes, points with error bars, bands, marks. */
(() => {
  const charts = sundog.data("charts") || {};
  const colors = sundog.data("colors") || {};
  const drawn = new Map();
  const MOST_NAMES = 14;

  const hue = (number) => {
    const palette = sundog.isDark() ? colors.dark : colors.light;
    return palette[number % palette.length];
  };
  const shortened = (value) => {
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e6 || size < 1e-4) return value.toExponential(1).replace("e+", "e");
    return String(+value.toPrecision(6)).replace("-", "−");
  };

  /* One horizontal axis for all lines, as uPlot wants it; null is a gap, undefined is not. */
  const joined = (lines) => {
    const tables = [];
    for (const line of lines) {
      const columns = [line.x, line.y];
      if (line.error) {
        const error = line.error;
        columns.push(line.y.map((y, k) => (y === null || error[k] === null ? null : y - error[k])));
        columns.push(line.y.map((y, k) => (y === null || error[k] === null ? null : y + error[k])));
      }
      tables.push(columns);
    }
    return uPlot.join(tables, tables.map((t) => t.map(() => 1)));
  };

  const decades = (low, high, room) => {
    if (!(low > 0)) return [1, 10];
    return low < high ? [low / room, high * room] : [low / 2, high * 2];
  };

  const options = (chart, width, height, follow) => {
    const ink = sundog.style("--soft");
    const grid = sundog.style("--line");
    const series = [{ label: chart.x_label }];
    const bands = [];
    chart.lines.forEach((line, number) => {
      const color = hue(line.color ?? number);
      const points = line.look === "points";
      const index = series.length;
      series.push({
        label: line.label || chart.y_label,
        stroke: line.faint ? color + "66" : color,
        width: points ? 0 : line.faint ? 0.8 : 1.6,
        dash: line.look === "dashed" ? [6, 4] : undefined,
        paths: points ? () => null : undefined,
        points: { show: points || line.x.length < 3, size: 6, fill: color, stroke: color },
        spanGaps: false,
      });
      if (line.error) {
        for (const side of [0, 1])
          series.push({ width: 0, stroke: "transparent", points: { show: false }, spanGaps: false });
        if (!points) bands.push({ series: [index + 2, index + 1], fill: color + "38" });
      }
    });
    const axis = (label, extra) => ({
      label, labelSize: 18, labelGap: 0, labelFont: "12px system-ui, sans-serif", font: "12px system-ui, sans-serif",
      stroke: ink, ticks: { stroke: grid, size: 5 }, grid: { stroke: grid, width: 1 },
      values: (u, splits) => splits.map((v) => (v === null ? "" : shortened(v))), ...extra,
    });
    const log = chart.logarithmic || "";
    return {
      width, height, series, bands,
      padding: [10, 24, 0, 0],
      cursor: { y: false, points: { size: 7 } },
      legend: { show: false },
      scales: {
        x: {
          time: false,
          distr: log.includes("x") ? 3 : 1,
          range: log.includes("x") ? (u, low, high) => decades(low, high, 1) : (u, low, high) => (low === null ? [0, 1] : low < high ? [low, Math.min(high, chart.x_limit ?? Infinity)] : [low - 0.5, high + 0.5]),
        },
        y: {
          distr: log.includes("y") ? 3 : 1,
          range: log.includes("y") ? (u, low, high) => decades(low, high, 1.4) : (u, low, high) => {
            if (low === null) return [0, 1];
            if (chart.level !== null && chart.level !== undefined) {
              low = Math.min(low, chart.level);
              high = Math.max(high, chart.level);
            }
            const room = 0.06 * (high - low || Math.abs(high) || 1);
            return [chart.y_from_zero && low >= 0 ? 0 : low - room, Math.min(high + room, chart.y_limit ?? Infinity)];
          },
        },
      },
      axes: [axis(chart.x_label, { grid: { show: false }, size: 30 }), axis(chart.y_label, { size: 62, labelSize: 16 })],
      hooks: {
        drawClear: [(u) => rules(u, chart, ink)],
        draw: [(u) => bars(u, chart)],
        setCursor: [follow],
      },
    };
  };

  /* Names of lines with their colours, and what the cursor is at. */
  const names = (holder, chart) => {
    const space = "http://www.w3.org/2000/svg";
    let legend = holder.parentElement.querySelector(".names");
    if (!legend) {
      legend = document.createElement("div");
      legend.className = "names";
      legend.setAttribute("aria-hidden", "true");
      holder.after(legend);
    }
    const spans = chart.lines.map((line, number) => {
      const span = document.createElement("span");
      if (line.faint) span.hidden = true;
      if (chart.lines.length > 1 || line.label) {
        const svg = document.createElementNS(space, "svg");
        const stroke = document.createElementNS(space, "path");
        svg.setAttribute("width", "18");
        svg.setAttribute("height", "8");
        const shape = { d: "M1 4H17", stroke: hue(line.color ?? number), "stroke-width": line.look === "points" ? 6 : 2.4, "stroke-linecap": "round" };
        if (line.look === "points") shape.d = "M9 4H9.1";
        if (line.look === "dashed") shape["stroke-dasharray"] = "5 4";
        for (const [key, value] of Object.entries(shape)) stroke.setAttribute(key, value);
        svg.append(stroke);
        span.append(svg, line.label);
      }
      span.append(document.createElement("b"));
      return span;
    });
    const place = document.createElement("span");
    legend.replaceChildren(...(chart.lines.length > MOST_NAMES ? [] : spans), place);
    return (u) => {
      const k = u.cursor.idx;
      const inside = k !== null && k !== undefined && u.cursor.left >= 0;
      place.textContent = inside ? `${chart.x_label}: ${shortened(u.data[0][k])}` : "";
      let column = 1;
      chart.lines.forEach((line, number) => {
        const value = inside ? u.data[column][k] : null;
        spans[number].lastChild.textContent = value === null || value === undefined ? "" : shortened(value);
        column += line.error ? 3 : 1;
      });
    };
  };

  /* A thin line at a value, and words at places along the horizontal axis. */
  const rules = (u, chart, ink) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = ink;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    const line = (a, b, c, d) => { ctx.beginPath(); ctx.moveTo(a, b); ctx.lineTo(c, d); ctx.stroke(); };
    if (chart.level !== null && chart.level !== undefined) {
      const y = u.valToPos(chart.level, "y", true);
      line(bbox.left, y, bbox.left + bbox.width, y);
    }
    for (const mark of chart.marks || []) {
      const x = u.valToPos(mark.x, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      line(x, bbox.top, x, bbox.top + bbox.height);
      const left = x > bbox.left + 0.6 * bbox.width;
      ctx.textAlign = left ? "right" : "left";
      ctx.fillText(mark.label, x + (left ? -5 : 5) * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
    }
    ctx.restore();
  };

  const bars = (u, chart) => {
    const { ctx } = u;
    ctx.save();
    ctx.lineWidth = 1.4 * devicePixelRatio;
    chart.lines.forEach((line, number) => {
      if (line.look !== "points" || !line.error) return;
      ctx.strokeStyle = hue(line.color ?? number);
      line.x.forEach((x, k) => {
        if (line.y[k] === null || line.error[k] === null) return;
        const place = u.valToPos(x, "x", true);
        ctx.beginPath();
        ctx.moveTo(place, u.valToPos(line.y[k] - line.error[k], "y", true));
        ctx.lineTo(place, u.valToPos(line.y[k] + line.error[k], "y", true));
        ctx.stroke();
      });
    });
    ctx.restore();
  };

  const draw = (holder) => {
    const chart = charts[holder.dataset.chart];
    const width = Math.floor(holder.clientWidth);
    if (!chart || width < 50) return;
    const old = drawn.get(holder);
    if (old) old.plot.destroy();
    const height = Math.round(Math.min(280, Math.max(200, 0.56 * width)));
    const plot = new uPlot(options(chart, width, height, names(holder, chart)), joined(chart.lines), holder);
    plot.root.querySelector("canvas").setAttribute("aria-hidden", "true");
    drawn.set(holder, { plot, width });
    holder.dataset.drawn = "1";
  };

  const holders = document.querySelectorAll("[data-chart]");
  const observer = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const old = drawn.get(target);
      if (!old || old.width !== Math.floor(target.clientWidth)) draw(target);
    }
  });
  for (const holder of holders) {
    draw(holder);
    observer.observe(holder);
  }
  sundog.onTheme(() => holders.forEach(draw));
  sundog.charts = drawn;
})();
