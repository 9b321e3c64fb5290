/** Positions on the map. World units go from 0 to 1 from west to east, and from north to south. */
globalThis.geometry = {
  /** Returns the position of a place in Web Mercator. */
  project({ lat, lng }) {
    const radians = (Math.min(Math.max(lat, -85.05), 85.05) * Math.PI) / 180;
    return { x: (lng + 180) / 360, y: (1 - Math.asinh(Math.tan(radians)) / Math.PI) / 2 };
  },

  /** Returns points on the shortest way between two places, also across the date line. */
  arc(from, to, count = 40) {
    const [a, b] = [geometry.toVector(from), geometry.toVector(to)];
    const angle = Math.acos(Math.min(1, Math.max(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2])));
    const points = [];
    let last = geometry.project(from).x;
    for (let step = 0; step <= count; step += 1) {
      const share = step / count;
      const [left, right] =
        angle < 1e-6
          ? [1 - share, share]
          : [
              Math.sin((1 - share) * angle) / Math.sin(angle),
              Math.sin(share * angle) / Math.sin(angle),
            ];
      const [x, y, z] = a.map((value, axis) => value * left + b[axis] * right);
      const lat = (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI;
      const point = geometry.project({ lat, lng: (Math.atan2(y, x) * 180) / Math.PI });
      // The line goes on beyond the edge of the world rather than back through all of it.
      point.x += Math.round(last - point.x);
      last = point.x;
      points.push(point);
    }
    return points;
  },

  toVector({ lat, lng }) {
    const [phi, lambda] = [(lat * Math.PI) / 180, (lng * Math.PI) / 180];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
  },

  /** Returns the distance along the surface of the earth, in kilometres. */
  distanceKm(from, to) {
    const [a, b] = [geometry.toVector(from), geometry.toVector(to)];
    const dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    return Math.acos(Math.min(1, Math.max(-1, dot))) * 6371.01;
  },

  /** Returns the rectangle around positions, in world units. */
  bounds(positions) {
    const [xs, ys] = [positions.map(({ x }) => x), positions.map(({ y }) => y)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
  },
};
