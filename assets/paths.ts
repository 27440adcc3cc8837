// Paths as text, for messages and bodies; where things really are is the business of `Files`.

const isAbsolute = (path: string): boolean => /^([/\\]|[A-Za-z]:[/\\])/.test(path);

/** The folder part of a path as it was written; "." when it has none. */
export function folderOf(path: string): string {
  const cut = path.replaceAll("\\", "/").lastIndexOf("/");
  return cut < 0 ? "." : cut === 0 ? "/" : path.slice(0, cut);
}

/** `path` seen from `folder`, with `.` and `..` worked out as far as the text allows, and forward slashes. */
export function joinPath(folder: string, path: string): string {
  const whole = (isAbsolute(path) ? path : `${folder}/${path}`).replaceAll("\\", "/");
  const parts: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "." || part === "") continue;
    if (part === ".." && parts.length && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !whole.startsWith("/")) parts.push(part);
  }
  const joined = parts.join("/");
  return whole.startsWith("/") ? `/${joined}` : joined || ".";
}
