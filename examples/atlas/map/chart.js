/** The drawing: background, route, labels and markers, and how a user moves in it. */
globalThis.Chart = class Chart {
  /** The centre in world units, and the width of the world in pixels. */
  look = { x: 0.5, y: 0.36, scale: 900 };
  places = [];
  isTrip = false;
  isMeasuring = false;
  chosen = undefined;
  #area = undefined;
  #svg = document.querySelector("#map");
  #onChoose;
  #onMove;
  #timer = 0;

  constructor({ onChoose, onMove }) {
    this.#onChoose = onChoose;
    this.#onMove = onMove;
    this.#listenToPointers();
    this.#listenToKeys();
    new ResizeObserver(() => this.moved()).observe(this.#svg);
  }

  get size() {
    return { width: this.#svg.clientWidth || 1, height: this.#svg.clientHeight || 1 };
  }

  /** The part of the world that is visible, with a margin in parts of its size. */
  visible(margin = 0) {
    const { width, height } = this.size;
    const [w, h] = [width / this.look.scale, height / this.look.scale].map(
      (it) => it * (1 + 2 * margin),
    );
    const [x, y] = [Math.max(0, this.look.x - w / 2), Math.max(0, this.look.y - h / 2)];
    const [right, bottom] = [Math.min(1, this.look.x + w / 2), Math.min(1, this.look.y + h / 2)];
    return { x, y, width: Math.max(right - x, 1e-6), height: Math.max(bottom - y, 1e-6) };
  }

  /** True while the background is out of date. Assistive technology learns it as `aria-busy`. */
  set isLoading(isLoading) {
    this.#svg.setAttribute("aria-busy", String(isLoading));
  }

  setArea(area) {
    this.#area = area;
    this.isLoading = false;
    this.#drawDots();
    this.draw();
  }

  /** Shows these places; by default all of them with the route, or the world without any. */
  fit(places) {
    const { width, height } = this.size;
    if (this.places.length === 0) {
      this.glide({ x: 0.5, y: 0.38, scale: Math.max(width, height * 1.6) });
      return;
    }
    const route = places === undefined ? this.#routePoints() : [];
    const box = geometry.bounds(route.concat((places ?? this.places).map(geometry.project)));
    const room = { width: Math.max(width - 150, 80), height: Math.max(height - 120, 80) };
    const scale = Math.min(room.width / (box.width || 1e-9), room.height / (box.height || 1e-9));
    const fitting = Math.min(Math.max(scale, width * 0.8), 60_000);
    // The buttons cover the right side.
    const x = box.x + box.width / 2 + 22 / fitting;
    this.glide({ x, y: box.y + box.height / 2, scale: fitting });
  }

  /** Moves in small steps, at once where the user prefers no motion. */
  glide(target) {
    const from = { ...this.look };
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;
    const start = performance.now();
    const step = (now) => {
      const share = isStill ? 1 : Math.min(1, (now - start) / 450);
      const eased = 1 - (1 - share) ** 3;
      const ratio = (target.scale / from.scale) ** eased;
      this.look = {
        x: from.x + (target.x - from.x) * eased,
        y: from.y + (target.y - from.y) * eased,
        scale: from.scale * ratio,
      };
      this.moved();
      if (share < 1) requestAnimationFrame(step);
    };
    step(start);
  }

  zoom(factor, at = { x: this.size.width / 2, y: this.size.height / 2 }) {
    const before = this.#toWorld(at);
    const least = Math.max(this.size.width, 320) * 0.8;
    this.look.scale = Math.min(Math.max(this.look.scale * factor, least), 400_000);
    const after = this.#toWorld(at);
    this.pan((after.x - before.x) * this.look.scale, (after.y - before.y) * this.look.scale);
  }

  /** Moves the map by pixels. */
  pan(x, y) {
    const { look } = this;
    look.x = Math.min(1, Math.max(0, look.x - x / look.scale));
    look.y = Math.min(1, Math.max(0, look.y - y / look.scale));
    this.moved();
  }

  moved() {
    this.isLoading = true;
    this.draw();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onMove, 160);
  }

  draw() {
    const { width, height } = this.size;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const { x, y, scale } = this.look;
    const dots = document.querySelector("#dots");
    const [left, top] = [width / 2 - x * scale, height / 2 - y * scale];
    dots.setAttribute("transform", `matrix(${scale} 0 0 ${scale} ${left} ${top})`);
    if (this.#area !== undefined) {
      const cell = (this.#area.width / this.#area.columns) * scale;
      [...dots.children].forEach((path, level) => {
        // Dots of a coarser grid, which are visible until finer ones arrive, stay small.
        const width = Math.min(cell, 6.5) * [0.42, 0.56, 0.7, 0.86][level];
        path.style.strokeWidth = `${width}px`;
      });
    }
    this.#drawRoute();
    const taken = this.#drawMarkers();
    this.#drawLabels(taken);
  }

  #toWorld({ x, y }) {
    const { width, height } = this.size;
    const { look } = this;
    return { x: look.x + (x - width / 2) / look.scale, y: look.y + (y - height / 2) / look.scale };
  }

  #toScreen({ x, y }) {
    const { width, height } = this.size;
    const { look } = this;
    return { x: (x - look.x) * look.scale + width / 2, y: (y - look.y) * look.scale + height / 2 };
  }

  /** One path for each level: a dot is a line without length and with a round cap. */
  #drawDots() {
    const { x, y, width, columns, cells } = this.#area;
    const size = width / columns;
    const paths = ["", "", "", ""];
    for (const entry of cells) {
      const cell = entry >> 2;
      const column = x + ((cell % columns) + 0.5) * size;
      const row = y + (Math.floor(cell / columns) + 0.5) * size;
      paths[entry & 3] += `M${column.toFixed(6)} ${row.toFixed(6)}h0`;
    }
    const elements = paths.map((d) => svgElement("path", { d }));
    document.querySelector("#dots").replaceChildren(...elements);
  }

  #routePoints() {
    if (!this.isTrip) return [];
    return this.places.slice(1).flatMap((to, index) => geometry.arc(this.places[index], to));
  }

  #drawRoute() {
    const route = document.querySelector("#route");
    const points = this.#routePoints().map((point) => this.#toScreen(point));
    if (points.length === 0) {
      route.replaceChildren();
      return;
    }
    const d = `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
    const known = route.querySelector(".leg");
    if (known === null) {
      route.replaceChildren(
        svgElement("path", { class: "halo" }),
        svgElement("path", { class: "leg" }),
      );
    }
    for (const path of route.children) path.setAttribute("d", d);
    route.lastElementChild.classList.toggle("measuring", this.isMeasuring);
  }

  /** Returns the boxes that markers and their names cover. */
  #drawMarkers() {
    const markers = document.querySelector("#markers");
    const focused = document.activeElement?.dataset?.id;
    const taken = [];
    const drawn = this.places.map((place, index) => {
      const { x, y } = this.#toScreen(geometry.project(place));
      const radius = this.isTrip ? 11 : 7;
      taken.push({ x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius });
      return { place, index, x, y, radius };
    });
    const elements = drawn.map(({ place, index, x, y, radius }) => {
      const kinds = [this.isTrip ? "" : "plain", place.id === this.chosen ? "chosen" : ""];
      const marker = svgElement("g", {
        class: `marker ${kinds.join(" ")}`,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        tabindex: "0",
        role: "button",
        "aria-label": `${this.isTrip ? `${index + 1}. ` : ""}${place.name}, ${place.country}`,
      });
      marker.dataset.id = place.id;
      marker.append(svgElement("circle", { r: radius }));
      if (this.isTrip) {
        marker.append(svgElement("text", { class: "number", dy: "4" }, String(index + 1)));
      }
      const name = this.#placeName(place.name, { x, y, radius, taken });
      if (name !== undefined)
        marker.append(svgElement("text", { class: "name", ...name }, place.name));
      return marker;
    });
    markers.replaceChildren(...elements);
    if (focused !== undefined) markers.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
    return taken;
  }

  /** Finds room for a name beside its marker: to the right, to the left, below or above. */
  #placeName(name, { x, y, radius, taken }) {
    const [width, height] = [name.length * 7.4 + 6, 16];
    const spots = [
      { dx: radius + 5, dy: 5, left: x + radius + 3, top: y - 8 },
      { dx: -radius - 5, dy: 5, left: x - radius - 3 - width, top: y - 8, end: true },
      { dx: 0, dy: radius + 15, left: x - width / 2, top: y + radius + 2, middle: true },
      { dx: 0, dy: -radius - 6, left: x - width / 2, top: y - radius - 18, middle: true },
    ];
    const free = spots.find(({ left, top }) => {
      return this.#isFree({ x: left, y: top, width, height }, taken);
    });
    if (free === undefined) return undefined;
    taken.push({ x: free.left, y: free.top, width, height });
    const anchor = free.end ? "end" : free.middle ? "middle" : "start";
    return { x: free.dx, y: free.dy, "text-anchor": anchor };
  }

  #isFree(box, taken) {
    const { width, height } = this.size;
    if (
      box.x < 2 ||
      box.y < 2 ||
      box.x + box.width > width - 50 ||
      box.y + box.height > height - 4
    ) {
      return false;
    }
    return !taken.some(
      (other) =>
        box.x < other.x + other.width &&
        other.x < box.x + box.width &&
        box.y < other.y + other.height &&
        other.y < box.y + box.height,
    );
  }

  #drawLabels(taken) {
    const shown = new Set(this.places.map(({ id }) => id));
    const elements = (this.#area?.labels ?? []).flatMap((label) => {
      if (shown.has(label.id)) return [];
      const { x, y } = this.#toScreen(label);
      const width = label.name.length * 6.6 + 8;
      const box = { x: x - width / 2, y: y - 9, width, height: 18 };
      if (!this.#isFree(box, taken)) return [];
      taken.push(box);
      const position = { x: x.toFixed(1), y: (y + 4).toFixed(1), "text-anchor": "middle" };
      const element = svgElement("text", position, label.name);
      element.dataset.id = label.id;
      return [element];
    });
    document.querySelector("#labels").replaceChildren(...elements);
  }

  #choose(target) {
    const element = target.closest?.("[data-id]");
    if (element === null || element === undefined) return false;
    this.#onChoose(element.dataset.id, element.textContent);
    return true;
  }

  #listenToPointers() {
    const svg = this.#svg;
    const pointers = new Map();
    let travelled = 0;
    svg.addEventListener("pointerdown", (event) => {
      pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY, target: event.target });
      if (pointers.size === 1) travelled = 0;
    });
    svg.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (last === undefined) return;
      const now = { ...last, x: event.offsetX, y: event.offsetY };
      const others = [...pointers].filter(([id]) => id !== event.pointerId);
      pointers.set(event.pointerId, now);
      travelled += Math.hypot(now.x - last.x, now.y - last.y);
      if (travelled > 4 && !svg.hasPointerCapture(event.pointerId)) {
        svg.setPointerCapture(event.pointerId);
        svg.classList.add("dragging");
      }
      const other = others[0]?.[1];
      if (other !== undefined) {
        const [before, after] = [last, now].map(({ x, y }) => Math.hypot(x - other.x, y - other.y));
        const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
        if (before > 0) this.zoom(after / before, middle);
      } else if (travelled > 4) this.pan(now.x - last.x, now.y - last.y);
    });
    for (const type of ["pointerup", "pointercancel"]) {
      svg.addEventListener(type, (event) => {
        const last = pointers.get(event.pointerId);
        pointers.delete(event.pointerId);
        svg.classList.remove("dragging");
        if (type === "pointerup" && travelled <= 4 && last !== undefined) this.#choose(last.target);
      });
    }
    svg.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY / 400), { x: event.offsetX, y: event.offsetY });
      },
      { passive: false },
    );
  }

  #listenToKeys() {
    const step = 80;
    const keys = {
      ArrowLeft: () => this.pan(step, 0),
      ArrowRight: () => this.pan(-step, 0),
      ArrowUp: () => this.pan(0, step),
      ArrowDown: () => this.pan(0, -step),
      "+": () => this.zoom(1.5),
      "=": () => this.zoom(1.5),
      "-": () => this.zoom(1 / 1.5),
      0: () => this.fit(),
    };
    this.#svg.addEventListener("keydown", (event) => {
      const isChoice = (event.key === "Enter" || event.key === " ") && this.#choose(event.target);
      const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
      if (!isChoice && act === undefined) return;
      event.preventDefault();
      act?.();
    });
  }
};

function svgElement(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}
