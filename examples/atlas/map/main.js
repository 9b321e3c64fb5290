/** Connects the map to its host: what the tool returned is shown, and what the user does is asked for. */
const find = (selector) => document.querySelector(selector);

/** The result of the tool, and the places that the user has looked up since. */
let shown = { title: "Atlas", places: [] };
let found = [];
/** The legs of the route, once they are measured. */
let legs = [];

const chart = new Chart({ onChoose: choose, onMove: loadArea });

const view = lutraView.createView({
  name: "atlas-map",
  version: "1.0.0",
  displayModes: ["inline", "fullscreen"],
  onPartialInput: ({ query }) => query && say(`Looking for ${query}`),
  onInput: ({ query }) => say(query ? `Looking for ${query}` : "Looking the places up"),
  onResult: ({ structuredContent, content, isError }) => {
    if (isError || !structuredContent) {
      find("#summary").textContent = "";
      return say(content.map(({ text }) => text).join(" "));
    }
    say("");
    show(structuredContent);
  },
  onCancelled: () => {
    find("#summary").textContent = "";
    say("The call was cancelled.");
  },
  onContext: ({ displayMode, availableDisplayModes = [], containerDimensions = {} }) => {
    const isFull = displayMode === "fullscreen";
    find(".app").classList.toggle("fills", isFull || containerDimensions.height !== undefined);
    find("#expand").hidden = isFull || !availableDisplayModes.includes("fullscreen");
  },
  tools: [
    lutraView.viewTool({
      name: "look_at",
      description: "Moves the map to a position.",
      annotations: { readOnlyHint: true },
      inputSchema: {
        type: "object",
        properties: { lat: { type: "number" }, lng: { type: "number" } },
        required: ["lat", "lng"],
      },
      parse: ({ lat, lng }) => {
        if (Math.abs(lat) <= 90 && Math.abs(lng) <= 180) return { lat, lng };
        throw new TypeError("lat: expected -90 to 90, and lng -180 to 180");
      },
      call: (position) => {
        chart.glide({ ...geometry.project(position), scale: Math.max(chart.look.scale, 8000) });
        return "The map shows the position.";
      },
    }),
  ],
});
view.ready.then(loadArea);

/** Calls a tool, and returns its structured content; says why if it failed. */
async function ask(name, args) {
  try {
    const { isError, content, structuredContent } = await view.callTool(name, args);
    if (!isError) return structuredContent;
    say(content.map(({ text }) => text).join(" "));
  } catch (error) {
    say(`The host did not answer: ${error.message}`);
  }
  return undefined;
}

let wanted = 0;
async function loadArea() {
  if (view.state.status !== "connected") return;
  wanted += 1;
  const mine = wanted;
  const area = chart.visible(0.25);
  const pixels = area.width * chart.look.scale;
  const columns = Math.min(360, Math.max(8, Math.round(pixels / 5)));
  const { width } = chart.size;
  const drawn = await ask("map_area", { ...area, columns, labels: width < 500 ? 12 : 22 });
  if (drawn !== undefined && mine === wanted) chart.setArea({ ...area, columns, ...drawn });
}

function show(next) {
  shown = next;
  found = [];
  legs = [];
  refresh();
  chart.fit();
}

/** The places on the map: those that the user looked up, then those of the tool. */
function allPlaces() {
  const known = new Set(found.map(({ id }) => id));
  return [...found, ...shown.places.filter(({ id }) => !known.has(id))];
}

function refresh() {
  chart.isTrip = shown.trip !== undefined && found.length === 0;
  chart.places = chart.isTrip ? shown.places : allPlaces();
  const count = `${chart.places.length} ${chart.places.length === 1 ? "place" : "places"}`;
  const km = shown.trip && chart.isTrip ? ` · ${shown.trip.distanceKm.toLocaleString()} km` : "";
  find("#title").textContent = shown.title;
  find("#summary").textContent = count + km;
  find("#map").setAttribute("aria-label", `Map of ${shown.title}: ${count}`);
  find("#list").replaceChildren(...chart.places.map(listItem));
  drawDetail();
  drawActions();
  chart.draw();
}

function listItem(place, index) {
  const button = element("button", { type: "button" });
  button.setAttribute("aria-current", String(place.id === chart.chosen));
  const number = element("span", { className: chart.isTrip ? "number" : "number plain" });
  number.textContent = String(index + 1);
  const text = element("span");
  text.append(
    element("span", { className: "name", textContent: place.name }),
    element("span", { className: "where", textContent: whereOf(place) }),
  );
  const previous = chart.isTrip ? chart.places[index - 1] : undefined;
  const leg = element("span", { className: "leg" });
  if (previous !== undefined) leg.textContent = legText(previous, place, index - 1);
  button.append(number, text, leg);
  button.onclick = () => choose(place.id);
  const item = element("li");
  item.append(button);
  return item;
}

function legText(from, to, index) {
  const measured = legs[index];
  if (measured !== undefined) return `${measured.distance.toLocaleString()} ${measured.units}`;
  return `${Math.round(geometry.distanceKm(from, to)).toLocaleString()} km`;
}

function whereOf({ region, country }) {
  return [region, country].filter(Boolean).join(", ");
}

/** Chooses a place by its id. A label on the map names a place that is not loaded yet. */
async function choose(id, name) {
  let place = allPlaces().find((known) => known.id === id);
  if (place === undefined) {
    const result = await ask("search", { query: name, limit: 50 });
    place = result?.places.find((candidate) => candidate.id === id);
    if (place === undefined) return;
    found = [...found, place];
  }
  chart.chosen = id;
  refresh();
  const position = geometry.project(place);
  const { x, y, width, height } = chart.visible(-0.15);
  const isInside =
    position.x > x && position.x < x + width && position.y > y && position.y < y + height;
  if (!isInside) chart.glide({ ...position, scale: Math.max(chart.look.scale, 6000) });
  const text = `The user has chosen ${place.name}, ${whereOf(place)} on the map (id ${place.id}).`;
  view.updateModelContext({ content: [{ type: "text", text }] }).catch(() => {});
}

function drawDetail() {
  const place = allPlaces().find(({ id }) => id === chart.chosen);
  const detail = find("#detail");
  detail.hidden = place === undefined;
  if (place === undefined) return;
  const position = `${degrees(place.lat, "N", "S")}, ${degrees(place.lng, "E", "W")}`;
  const row = element("div", { className: "row" });
  const nearby = element("button", { type: "button", textContent: "What is nearby" });
  nearby.onclick = () => showNearby(place);
  row.append(nearby);
  if (shown.trip !== undefined && !shown.places.some(({ id }) => id === place.id)) {
    const add = element("button", {
      type: "button",
      className: "main",
      textContent: "Add to trip",
    });
    add.onclick = () => addToTrip(place);
    row.prepend(add);
  }
  detail.replaceChildren(
    element("h2", { textContent: place.name }),
    element("p", { className: "where", textContent: `${whereOf(place)} · ${position}` }),
    row,
  );
}

function degrees(value, positive, negative) {
  return `${Math.abs(value).toFixed(2)}° ${value < 0 ? negative : positive}`;
}

async function showNearby(place) {
  say(`Looking around ${place.name}`);
  const result = await ask("nearby", { place: place.id, radiusKm: 40, limit: 12 });
  if (result === undefined) return;
  found = result.places.filter(({ id }) => id !== place.id).concat(place);
  say(`${result.total} places within 40 km of ${place.name}`);
  refresh();
  chart.fit();
}

async function addToTrip(place) {
  const { trip_id } = shown.trip;
  const trip = await ask("add_to_trip", { trip_id, place: place.id });
  if (trip === undefined) return;
  const { name: title, distanceKm, places } = trip;
  say(`${place.name} is part of the trip.`);
  show({ title, trip: { trip_id, distanceKm }, places });
}

function drawActions() {
  const actions = [];
  if (found.length > 0) {
    const back = element("button", { type: "button" });
    back.textContent = shown.trip ? "Back to the trip" : "Back to the results";
    back.onclick = () => show(shown);
    actions.push(back);
  }
  if (chart.isTrip && shown.places.length > 1) {
    const measure = element("button", { type: "button", className: "main" });
    measure.textContent = chart.isMeasuring ? "Measuring the route" : "Measure the route";
    measure.disabled = chart.isMeasuring;
    measure.onclick = measureRoute;
    const discuss = element("button", { type: "button", textContent: "Ask about this trip" });
    const message = `What is worth seeing on the trip ${shown.title} (${shown.trip.trip_id})?`;
    discuss.onclick = () => view.message(message).catch(() => say("The host sends no messages."));
    actions.push(measure, discuss);
  }
  find("#actions").replaceChildren(...actions);
}

/** The report takes a while: the host follows the task and answers its question about the units. */
async function measureRoute() {
  chart.isMeasuring = true;
  say("The route is measured leg by leg.");
  refresh();
  const report = await ask("route_report", { trip_id: shown.trip.trip_id });
  chart.isMeasuring = false;
  if (report !== undefined) {
    legs = report.legs.map(({ distance }) => ({ distance, units: report.units }));
    say(`The route is ${report.total.toLocaleString()} ${report.units} long.`);
  }
  refresh();
}

find("#search").onsubmit = async (event) => {
  event.preventDefault();
  const query = find("#query").value.trim();
  if (query === "") return;
  const result = await ask("search", { query, limit: 8 });
  if (result === undefined) return;
  found = result.places;
  say(
    found.length === 0 ? `No place has the name ${query}.` : `Found for ${query}: ${found.length}`,
  );
  if (!found.some(({ id }) => id === chart.chosen)) chart.chosen = undefined;
  refresh();
  if (found.length > 0) chart.fit(found);
};
find("#query").oninput = ({ target }) => {
  if (target.value !== "" || found.length === 0) return;
  say("");
  show(shown);
};
find("#zoom-in").onclick = () => chart.zoom(1.6);
find("#zoom-out").onclick = () => chart.zoom(1 / 1.6);
find("#fit").onclick = () => chart.fit();
find("#expand").onclick = () => view.requestDisplayMode("fullscreen");

function say(text) {
  find("#status").textContent = text;
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
