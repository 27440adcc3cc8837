// What Pulumi says when it fails, without its own framing.

/** The errors among Pulumi's diagnostics, without its own framing; undefined when there are none. */
export function reasonOf(said: string): string | undefined {
  const lines = said.split("\n").map((line) => line.trim());
  const from = lines.lastIndexOf("Diagnostics:");
  const reasons: string[] = [];
  let within = false;
  for (const line of lines.slice(from + 1)) {
    if (/^(Outputs|Resources|Duration):?/.test(line)) within = false;
    const error = /(?:^|\s)error: (.*)$/.exec(line);
    if (error) {
      within = !/^update failed$/.test(error[1]!);
      if (within) reasons.push(error[1]!);
    } else if (within && /^File ".*", line \d+/.test(line)) {
      // Where in which library says less than the lines around it, and there is room for a few only.
      continue;
    } else if (within && line !== "" && !/^\S+ \(.+\):$/.test(line) && reasons.length < 8) reasons.push(line);
    else within = false;
  }
  const unique = [...new Set(reasons)];
  return unique.length === 0 ? undefined : unique.join("\n  ");
}
