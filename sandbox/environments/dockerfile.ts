// Reads the Dockerfile of a build context as far as Python packages go: FROM, ARG/ENV, COPY, RUN pip/conda; refuses by name what it cannot follow.
import { addConda, addPipLine, bad, joinLines, readCondaFile, type Requirements } from "./conda.ts";
import { imageContent } from "./images.ts";

/** Environment variables that the image sets, besides what it installs. */
export interface DockerContent extends Requirements {
  readonly variables: Record<string, string>;
}

/** Commands in a RUN that change nothing Python can see. */
const harmless =
  /^(apt-get|apt|apk|yum|dnf|microdnf|sudo|rm|mkdir|ln|chmod|chown|echo|true|:|set|cd|ls|cat|touch|useradd|groupadd|adduser|ldconfig|update-ca-certificates|locale-gen|export|curl|wget|which|find|test|conda clean|conda init|conda config|conda update|conda activate|source|\.|python -V|python --version|pip --version|pip cache|git config)\b/;

/**
 * @param dockerfile its text
 * @param files text of the other files of the build context, by their path in it
 */
export function readDockerfile(dockerfile: string, files: Readonly<Record<string, string>>): DockerContent {
  const found: DockerContent = { packages: [], indexes: [], notes: [], variables: {} };
  const variables: Record<string, string> = {};
  const copied: Record<string, string> = {};
  const expand = (text: string) =>
    text.replace(/\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)/g, (whole, braced?: string, otherwise?: string, plain?: string) => {
      const name = braced ?? plain!;
      return variables[name] ?? otherwise ?? (name === "PATH" ? whole : "");
    });
  let stages = 0;
  for (const [instruction, rest] of instructions(dockerfile)) {
    const text = instruction === "RUN" ? rest : expand(rest);
    switch (instruction) {
      case "FROM": {
        if (++stages > 1) throw bad("the Dockerfile has several FROM: multi-stage builds are not followed here; use a conda file");
        const image = text.replace(/^--platform=\S+\s+/, "").split(/\s+/)[0]!;
        const content = imageContent(image);
        if (content.python) found.python = content.python;
        found.packages.push(...content.packages);
        if (!content.known) found.notes.push(`image ${image}: what it carries is not known here; taken as a bare Python`);
        break;
      }
      case "ARG":
      case "ENV":
        for (const [name, value] of assignments(text)) {
          variables[name] = value;
          if (instruction === "ENV" && name !== "PATH" && !value.includes("$")) found.variables[name] = value;
        }
        break;
      case "COPY":
      case "ADD":
        copy(text, files, copied);
        break;
      case "RUN":
        for (const command of commands(rest)) run(expand(command), found, { ...files, ...copied });
        break;
      case "WORKDIR":
      case "USER":
      case "LABEL":
      case "EXPOSE":
      case "CMD":
      case "ENTRYPOINT":
      case "SHELL":
      case "STOPSIGNAL":
      case "HEALTHCHECK":
      case "MAINTAINER":
      case "VOLUME":
        break;
      default:
        throw bad(`Dockerfile instruction "${instruction}" is not known here`);
    }
  }
  if (stages === 0) throw bad("the Dockerfile has no FROM");
  return found;
}

function instructions(text: string): [string, string][] {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replace(/\\\n/g, " ");
  return lines
    .split("\n")
    .map((line) => /^\s*([A-Za-z]+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => [match[1]!.toUpperCase(), match[2]!.trim()]);
}

function assignments(text: string): [string, string][] {
  const pairs = [...text.matchAll(/(\w+)=("[^"]*"|'[^']*'|\S*)/g)];
  if (pairs.length > 0) return pairs.map((pair) => [pair[1]!, pair[2]!.replace(/^["']|["']$/g, "")]);
  const old = /^(\w+)\s+(.+)$/.exec(text);
  return old ? [[old[1]!, old[2]!]] : [];
}

/** Files that a RUN may name by where COPY put them. */
function copy(text: string, files: Readonly<Record<string, string>>, copied: Record<string, string>): void {
  const parts = (text.startsWith("[") ? (JSON.parse(text) as string[]) : text.split(/\s+/)).filter((part) => !part.startsWith("--"));
  const target = parts.pop() ?? "";
  for (const source of parts) {
    const from = source.replace(/^\.\/|\/$/g, "").replace(/^\.$/, "");
    for (const [path, content] of Object.entries(files)) {
      if (path === from)
        copied[target.endsWith("/") || target === "." ? `${target.replace(/^\.\/?/, "")}${path.split("/").pop()}` : target] = content;
      else if (from === "" || path.startsWith(`${from}/`))
        copied[
          `${target.replace(/^\.$/, "").replace(/\/?$/, target === "." ? "" : "/")}${from === "" ? path : path.slice(from.length + 1)}`
        ] = content;
    }
  }
}

function commands(run: string): string[] {
  const text = run.startsWith("[") ? (JSON.parse(run) as string[]).join(" ") : run.replace(/^(--\w+=\S+\s+)+/, "");
  return text
    .split(/&&|;|\|\|/)
    .map((command) => command.trim())
    .filter((command) => command !== "");
}

function run(command: string, found: DockerContent, files: Readonly<Record<string, string>>): void {
  const words = (command.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, ""));
  const line = words.join(" ");
  const pip = /^(?:python3? -m |uv )?pip3? install (.*)$/.exec(line);
  if (pip) return pipInstall(words.slice(words.indexOf("install") + 1), found, files);
  const environment = /^(?:conda|mamba|micromamba) env (?:create|update) /.exec(line);
  if (environment) {
    const index = words.findIndex((word) => word === "-f" || word === "--file" || word.startsWith("--file="));
    const name = words[index]?.startsWith("--file=") ? words[index].slice(7) : words[index + 1];
    const text = index < 0 ? undefined : lookUp(files, name ?? "");
    if (text === undefined) throw bad(`RUN ${command}: the conda file ${name ?? ""} is not in the build context`);
    const conda = readCondaFile(text, files);
    if (conda.python) found.python = conda.python;
    found.packages.push(...conda.packages);
    found.indexes.push(...conda.indexes);
    found.notes.push(...conda.notes);
    return;
  }
  if (/^(?:conda|mamba|micromamba) (?:install|create) /.test(line)) {
    const options = new Set(["-c", "--channel", "-n", "--name", "-p", "--prefix"]);
    for (let index = 2; index < words.length; index++) {
      const word = words[index]!;
      if (options.has(word)) index++;
      else if (!word.startsWith("-")) addConda(word, found);
    }
    return;
  }
  if (harmless.test(line)) return;
  throw bad(`RUN ${command}: only pip and conda installs are followed here; use a conda file, or install what this brings by pip`);
}

function pipInstall(words: readonly string[], found: DockerContent, files: Readonly<Record<string, string>>): void {
  const valued = new Set([
    "-r",
    "--requirement",
    "-c",
    "--constraint",
    "-i",
    "--index-url",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--trusted-host",
  ]);
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (word === "-r" || word === "--requirement" || word.startsWith("--requirement=")) {
      const name = word.includes("=") ? word.slice(word.indexOf("=") + 1) : (words[++index] ?? "");
      const text = lookUp(files, name);
      if (text === undefined) throw bad(`pip install -r ${name}: the file is not in the build context`);
      for (const inner of joinLines(text)) addPipLine(inner, found, files);
    } else if (valued.has(word)) addPipLine(`${word} ${words[++index] ?? ""}`, found, files);
    else if (/^(pip|setuptools|wheel)([=<>~!].*)?$/.test(word)) continue;
    else if (
      /^(-U|--upgrade|-q|--quiet|-y|--no-cache-dir|--no-deps|--ignore-installed|--user|--force-reinstall|--root-user-action.*|--break-system-packages|--system|--timeout.*|--default-timeout.*|--retries.*|--prefer-binary|--disable-pip-version-check|--progress-bar.*)$/.test(
        word,
      )
    )
      continue;
    else addPipLine(word, found, files);
  }
}

/** A file by its path in the image or in the context; by its last part when that is enough to tell. */
function lookUp(files: Readonly<Record<string, string>>, path: string): string | undefined {
  const plain = path.replace(/^\.\//, "");
  if (files[plain] !== undefined) return files[plain];
  const named = Object.keys(files).filter((file) => file.split("/").pop() === plain.split("/").pop());
  const contents = new Set(named.map((file) => files[file]));
  return contents.size === 1 ? [...contents][0] : undefined;
}
