// Two plots as SVG: how far each feature is from its threshold, and how that went over the last runs. Plain shapes, no script, readable in light and dark.

export interface Bar {
  readonly label: string;
  /** In units of the threshold: 1 is the threshold. Undefined: nothing was measured. */
  readonly share: number | undefined;
  readonly note: string;
  readonly bad: boolean;
}

const style = `<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f; } .dim { fill: #6e7781; font-size: 12px; } .title { font-weight: 600; font-size: 15px; }
  .ok { fill: #4c8bf5; } .bad { fill: #d1242f; } .line { stroke: #4c8bf5; fill: none; stroke-width: 2; } .limit { stroke: #6e7781; stroke-dasharray: 4 3; }
  .axis { stroke: #d0d7de; } rect.page { fill: #ffffff; }
</style>`;
const esc = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const svg = (width: number, height: number, body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">${style}<rect class="page" width="${width}" height="${height}"/>${body}</svg>\n`;

/** Horizontal bars, one a feature, with the threshold as a dashed line. */
export function bars(title: string, all: readonly Bar[]): string {
  const [left, right, top, row] = [190, 150, 62, 26];
  const width = 760;
  const height = top + all.length * row + 34;
  const most = Math.max(1.25, ...all.map(({ share }) => Math.min(share ?? 0, 4))) * 1.05;
  const x = (share: number): number => left + ((width - left - right) * Math.min(share, most)) / most;
  const limit = x(1);
  const lines = all.map(({ label, share, note, bad }, i) => {
    const y = top + i * row;
    const end = share === undefined ? left : Math.max(x(share), left + 1);
    return [
      `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${esc(label)}</text>`,
      `<rect class="${bad ? "bad" : "ok"}" x="${left}" y="${y + 3}" width="${(end - left).toFixed(1)}" height="${row - 9}" rx="2"/>`,
      `<text class="dim" x="${(end + 8).toFixed(1)}" y="${y + 15}">${esc(note)}</text>`,
    ].join("");
  });
  const bottom = height - 28;
  return svg(
    width,
    height,
    `<text class="title" x="16" y="26">${esc(title)}</text>${lines.join("")}` +
      `<line class="limit" x1="${limit.toFixed(1)}" x2="${limit.toFixed(1)}" y1="${top - 8}" y2="${bottom}"/>` +
      `<text class="dim" x="${limit.toFixed(1)}" y="${top - 13}" text-anchor="middle">threshold</text>` +
      `<line class="axis" x1="${left}" x2="${left}" y1="${top - 4}" y2="${bottom}"/>`,
  );
}

export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly share: number;
}

/** The largest share of each run over time, with the threshold as a dashed line. */
export function trend(title: string, points: readonly Point[]): string {
  const [width, height, left, right, top, bottom] = [760, 220, 60, 24, 48, 40];
  const most = Math.max(1.25, ...points.map(({ share }) => share)) * 1.1;
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1];
  const x = (at: number): number =>
    first === last ? (left + width - right) / 2 : left + ((width - left - right) * (at - first)) / (last - first);
  const y = (share: number): number => height - bottom - ((height - top - bottom) * share) / most;
  const path = points.map(({ at, share }, i) => `${i === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(share).toFixed(1)}`).join(" ");
  const dots = points.map(
    ({ at, share }) => `<circle class="${share > 1 ? "bad" : "ok"}" cx="${x(at).toFixed(1)}" cy="${y(share).toFixed(1)}" r="4"/>`,
  );
  const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");
  return svg(
    width,
    height,
    `<text class="title" x="16" y="26">${esc(title)}</text>` +
      `<line class="limit" x1="${left}" x2="${width - right}" y1="${y(1).toFixed(1)}" y2="${y(1).toFixed(1)}"/>` +
      `<text class="dim" x="${left - 8}" y="${(y(1) + 4).toFixed(1)}" text-anchor="end">limit</text>` +
      `<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/><path class="line" d="${path}"/>${dots.join("")}` +
      `<text class="dim" x="${left}" y="${height - 16}">${points.length > 0 ? time(first) : "no run yet"}</text>` +
      (points.length > 1 ? `<text class="dim" x="${width - right}" y="${height - 16}" text-anchor="end">${time(last)}</text>` : ""),
  );
}
