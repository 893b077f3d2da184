"use strict";
/* Atoms in space with 3Dmol: unpacked positions are written into its atoms frame by frame. */
(() => {
  const scenes = sundog.data("scenes");
  const stage = document.getElementById("stage");
  if (!scenes || !scenes.length || !stage) return;
  const colors = sundog.data("colors");
  const element = (id) => document.getElementById(id);
  const say = (text) => (element("stage-note").textContent = text);
  const LOOKS = { balls: "balls and sticks", sticks: "sticks", spheres: "spheres", lines: "lines", cartoon: "cartoon" };

  const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const inflated = async (text) => {
    const stream = new Blob([bytesOf(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  /* Folded differences of 16 bits, low bytes first: see packing.py. */
  const positionsOf = async (packed) => {
    const bytes = await inflated(packed.text);
    const size = 3 * packed.atoms;
    const count = size * packed.frames;
    if (bytes.length !== 2 * count) throw new Error(`${bytes.length} bytes for ${count} coordinates`);
    const places = new Float32Array(count);
    const units = new Int32Array(size);
    for (let k = 0; k < count; k++) {
      const folded = bytes[k] | (bytes[count + k] << 8);
      units[k % size] += (folded >>> 1) ^ -(folded & 1);
      places[k] = units[k % size] * packed.quantum;
    }
    return places;
  };

  const mixed = (stops, share) => {
    const place = Math.min(0.9999, Math.max(0, share)) * (stops.length - 1);
    const first = Math.floor(place);
    const part = place - first;
    const rgb = [0, 1, 2].map((k) => Math.round(stops[first][k] * (1 - part) + stops[first + 1][k] * part));
    return (rgb[0] << 16) | (rgb[1] << 8) | rgb[2];
  };
  const hex = (number) => "#" + number.toString(16).padStart(6, "0");

  const viewer = (() => {
    try {
      return $3Dmol.createViewer(stage, { backgroundColor: sundog.style("--stage"), antialias: true, disableFog: false });
    } catch (error) {
      return null;
    }
  })();
  if (!viewer) {
    say("This browser does not draw in 3D (WebGL is switched off).");
    stage.dataset.state = "no-webgl";
    return;
  }

  const state = { scene: null, frame: 0, colour: "element", look: "balls", playing: false, model: null, atoms: [] };
  const palette = () => (sundog.isDark() ? colors.dark : colors.light).map((one) => parseInt(one.slice(1), 16));

  const elementColor = (symbol) => {
    const table = sundog.isDark() ? colors.elements_dark : colors.elements_light;
    return parseInt((table[symbol] || table.other).slice(1), 16);
  };

  /* Colour of every atom in the frame that is shown. */
  const colored = () => {
    const { scene, frame, colour } = state;
    const count = scene.elements.length;
    const found = new Array(count);
    const channel = scene.channels.find((one) => one.name === colour);
    if (channel) {
      const stops = channel.kind === "diverging" ? colors.diverging : colors.sequential;
      const offset = channel.per_frame ? frame * count : 0;
      for (let k = 0; k < count; k++) found[k] = mixed(stops, channel.levels[offset + k] / 255);
      return found;
    }
    if (colour === "residue") {
      const own = palette();
      const kinds = scene.kinds;
      for (let k = 0; k < count; k++) found[k] = own[kinds.length > 1 ? scene.kindOf[k] % own.length : scene.residue[k] % own.length];
      return found;
    }
    for (let k = 0; k < count; k++) found[k] = elementColor(scene.elements[k]);
    return found;
  };

  const swatch = (color) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("width", "12");
    svg.setAttribute("height", "12");
    svg.setAttribute("aria-hidden", "true");
    const circle = document.createElementNS(space, "circle");
    for (const [key, value] of Object.entries({ cx: 6, cy: 6, r: 5.5, fill: hex(color), stroke: sundog.style("--soft"), "stroke-width": 0.6 }))
      circle.setAttribute(key, value);
    svg.append(circle);
    return svg;
  };
  const ramp = (stops) => {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    svg.setAttribute("width", "140");
    svg.setAttribute("height", "10");
    svg.setAttribute("aria-hidden", "true");
    for (let k = 0; k < 70; k++) {
      const bar = document.createElementNS(space, "rect");
      for (const [key, value] of Object.entries({ x: 2 * k, y: 0, width: 2.2, height: 10, fill: hex(mixed(stops, k / 69)) }))
        bar.setAttribute(key, value);
      svg.append(bar);
    }
    return svg;
  };
  const labelled = (mark, text) => {
    const span = document.createElement("span");
    if (mark) span.append(mark);
    span.append(text);
    return span;
  };
  const legend = () => {
    const { scene, colour } = state;
    const holder = element("legend");
    holder.replaceChildren();
    const channel = scene.channels.find((one) => one.name === colour);
    if (channel) {
      const unit = channel.unit ? ` ${channel.unit}` : "";
      const stops = channel.kind === "diverging" ? colors.diverging : colors.sequential;
      const number = (value) => String(+value.toPrecision(3)).replace("-", "−");
      holder.append(labelled(null, `${channel.label}: ${number(channel.low)}${unit}`), ramp(stops), labelled(null, `${number(channel.high)}${unit}`));
    } else if (colour === "residue") {
      const own = palette();
      if (scene.kinds.length > 1) scene.kinds.slice(0, 12).forEach((kind, k) => holder.append(labelled(swatch(own[k % own.length]), kind)));
      else holder.append(labelled(null, `Each ${scene.kinds[0]} in one of ${own.length} colours`));
    } else {
      for (const symbol of [...new Set(scene.elements)].sort()) holder.append(labelled(swatch(elementColor(symbol)), symbol));
    }
  };

  const restyle = () => {
    const { model, scene, look } = state;
    state.colors = colored();
    const colorfunc = (atom) => state.colors[atom.index];
    const looks = {
      balls: { stick: { radius: 0.11, colorfunc }, sphere: { scale: 0.24, colorfunc } },
      sticks: { stick: { radius: 0.16, colorfunc } },
      spheres: { sphere: { colorfunc } },
      lines: { line: { linewidth: 1.5, colorfunc } },
      cartoon: { cartoon: { colorfunc, arrows: true, thickness: 0.3 } },
    };
    model.setStyle({}, looks[look]);
    if (look !== "spheres" && scene.watery) model.setStyle({ het: 1 }, { line: { linewidth: 1, colorfunc } });
    if (look === "cartoon") model.setStyle({ sugar: 1 }, looks.sticks);
  };

  const EDGES = [[0, 1], [0, 2], [0, 4], [1, 3], [1, 5], [2, 3], [2, 6], [3, 7], [4, 5], [4, 6], [5, 7], [6, 7]];
  const box = () => {
    const cells = state.scene.cells;
    viewer.removeAllShapes();
    if (!cells) return;
    const cell = cells[state.frame];
    const corner = (bits) => {
      const at = [0, 1, 2].map((axis) => [0, 1, 2].reduce((sum, row) => sum + (((bits >> row) & 1) - 0.5) * cell[row][axis], 0));
      return { x: at[0], y: at[1], z: at[2] };
    };
    for (const [from, to] of EDGES)
      viewer.addLine({ start: corner(from), end: corner(to), color: sundog.style("--soft"), linewidth: 1 });
  };

  const show = (frame) => {
    const { scene, atoms } = state;
    const count = scene.elements.length;
    state.frame = Math.min(scene.times.length - 1, Math.max(0, frame));
    const offset = 3 * count * state.frame;
    for (let k = 0; k < count; k++) {
      atoms[k].x = scene.places[offset + 3 * k];
      atoms[k].y = scene.places[offset + 3 * k + 1];
      atoms[k].z = scene.places[offset + 3 * k + 2];
    }
    restyle();
    box();
    viewer.render();
    const slider = element("frame");
    slider.value = state.frame;
    const time = `${scene.times[state.frame].toPrecision(4)} ps`;
    slider.setAttribute("aria-valuetext", `Frame ${state.frame + 1} of ${scene.times.length}, ${time}`);
    element("clock").textContent = time;
    stage.dataset.frame = state.frame;
  };

  const prepared = async (scene) => {
    if (scene.places) return scene;
    scene.places = await positionsOf(scene.positions);
    for (const channel of scene.channels) channel.levels = await inflated(channel.text);
    const kinds = scene.residues.map((one) => one[1]);
    scene.kinds = [...new Set(kinds)];
    scene.kindOf = scene.residue.map((k) => scene.kinds.indexOf(kinds[k]));
    scene.watery = scene.solvent.some(Boolean);
    return scene;
  };

  const load = async (number) => {
    const scene = await prepared(scenes[number]);
    viewer.removeAllModels();
    const near = scene.elements.map(() => []);
    for (const [i, j] of scene.bonds) {
      near[i].push(j);
      near[j].push(i);
    }
    const model = viewer.addModel();
    model.addAtoms(
      scene.elements.map((elem, k) => {
        const [chain, resn, resi] = scene.residues[scene.residue[k]];
        const ss = scene.helix ? scene.helix[k] : "c";
        return {
          elem, index: k, serial: scene.numbers[k], atom: scene.names[k], chain, resn, resi, ss,
          het: scene.solvent[k], sugar: scene.helix && !scene.protein[k] && !scene.solvent[k] ? 1 : 0,
          hetflag: !scene.protein[k], x: scene.places[3 * k], y: scene.places[3 * k + 1], z: scene.places[3 * k + 2],
          bonds: near[k], bondOrder: near[k].map(() => 1),
        };
      }),
    );
    const atoms = model.selectedAtoms({});
    // A viewer that leaves hydrogens out would move the wrong atoms, without an error.
    const wrong = atoms.findIndex((atom, k) => atom.elem !== scene.elements[k]);
    if (atoms.length !== scene.elements.length || wrong >= 0)
      throw new Error(`${atoms.length} of ${scene.elements.length} atoms were taken in`);
    Object.assign(state, { scene, model, atoms });
    const slider = element("frame");
    slider.max = scene.times.length - 1;
    fill(element("colour"), choices(scene), state.colour);
    state.colour = element("colour").value;
    const looks = Object.entries(LOOKS).filter(([name]) => name !== "cartoon" || scene.helix);
    if (!scene.asked) state.look = scene.elements.length > 3000 ? "lines" : "balls";
    scene.asked = true;
    fill(element("look"), looks, state.look);
    legend();
    element("scene-note").textContent = scene.why ? `Shown: ${scene.why}.` : `Shown: all ${scene.of} atoms.`;
    show(Math.min(state.frame, scene.times.length - 1));
    look();
    say("");
    stage.dataset.state = "ready";
    stage.dataset.atoms = atoms.length;
  };
  /* The whole of it, a cell from beside and above, so that it is seen in space. */
  const look = () => {
    viewer.zoomTo();
    if (state.scene.cells) {
      viewer.rotate(-24, "y");
      viewer.rotate(14, "x");
    }
    viewer.zoom(state.scene.cells ? 1.05 : 1.15);
    viewer.render();
  };
  const choices = (scene) => [["element", "element"], ["residue", "residue"], ...scene.channels.map((one) => [one.name, one.label.toLowerCase()])];
  const fill = (select, options, chosen) => {
    select.replaceChildren(...options.map(([value, label]) => new Option(label, value)));
    select.value = options.some(([value]) => value === chosen) ? chosen : options[0][0];
  };

  let last = 0;
  const tick = (now) => {
    if (!state.playing) return;
    if (now - last >= 1000 / Number(element("speed").value)) {
      last = now;
      show((state.frame + 1) % state.scene.times.length);
    }
    requestAnimationFrame(tick);
  };
  const play = (on) => {
    state.playing = on && state.scene !== null && state.scene.times.length > 1;
    const button = element("play");
    button.setAttribute("aria-pressed", String(state.playing));
    button.setAttribute("aria-label", state.playing ? "Stop" : "Play");
    if (state.playing) requestAnimationFrame(tick);
  };

  const failed = (error) => {
    say(`The trajectory could not be shown: ${error.message}`);
    stage.dataset.state = "failed";
    console.error(error);
  };
  const choice = element("scene");
  if (choice) {
    fill(choice, scenes.map((one, k) => [String(k), one.name]), "0");
    choice.addEventListener("change", () => load(Number(choice.value)).catch(failed));
  }
  element("play").addEventListener("click", () => play(!state.playing));
  element("frame").addEventListener("input", (event) => {
    play(false);
    show(Number(event.target.value));
  });
  element("colour").addEventListener("change", (event) => {
    state.colour = event.target.value;
    legend();
    show(state.frame);
  });
  element("look").addEventListener("change", (event) => {
    state.look = event.target.value;
    show(state.frame);
  });
  element("reset").addEventListener("click", () => {
    viewer.setView([0, 0, 0, 0, 0, 0, 0, 1]);
    look();
  });
  stage.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 };
    if (event.key === " ") play(!state.playing);
    else if (event.key in steps) { play(false); show(state.frame + steps[event.key]); }
    else if (event.key === "Home") { play(false); show(0); }
    else if (event.key === "End") { play(false); show(state.scene.times.length - 1); }
    else return;
    event.preventDefault();
  });
  sundog.onTheme(() => {
    viewer.setBackgroundColor(sundog.style("--stage"));
    if (state.scene) { legend(); show(state.frame); }
  });
  new ResizeObserver(() => viewer.resize()).observe(stage);
  addEventListener("beforeprint", () => {
    let picture = stage.querySelector("img");
    if (!picture) {
      picture = new Image();
      picture.alt = "Atoms of the frame that was shown";
      stage.append(picture);
    }
    picture.src = viewer.pngURI();
  });
  sundog.viewer = { viewer, state, show, play };
  say("Unpacking the trajectory …");
  load(0).catch(failed);
})();
