// Loaded by Node before the Pulumi SDK (Pulumi.yaml, nodeargs): caches compiled code, and puts off loading two large packages that
// the SDK requires at once but needs only to serialise functions, which this program never does.
const Module = require("node:module");
const { join } = require("node:path");

const [major] = process.versions.node.split(".").map(Number);
if (major < 24) {
  process.stderr.write(
    `This program needs Node 24, and Pulumi started Node ${process.versions.node}.\n` +
      "Fix: run it as `npm start` or `npx mlops …`, or put this checkout's node_modules/.bin first on PATH.\n",
  );
  process.exit(32);
}

Module.enableCompileCache();

// The SDK formats a stack trace for each resource and each promise, through source maps: more than all else that it does for one.
// stacks/start.ts does the rest. MLOPS_DEBUG=1 keeps the traces, to debug the program itself.
if (!process.env.MLOPS_DEBUG) {
  Error.stackTraceLimit = 0;
  Object.defineProperty(Error, "prepareStackTrace", { get: () => undefined, set() {}, configurable: true });
}

const tracing = ["instrumentation", "instrumentation-grpc", "sdk-trace-node", "sdk-trace-base", "resources", "exporter-zipkin"];
const latePackages = new Set([
  "typescript",
  "@npmcli/arborist",
  "normalize-package-data",
  "js-yaml",
  // Maps the stack traces that there are none of.
  ...(process.env.MLOPS_DEBUG ? [] : ["source-map-support/register"]),
]);
// The SDK takes functions and classes out of these at once, and calls them only under `pulumi --tracing`.
const lateMembers = new Set(tracing.map((name) => `@opentelemetry/${name}`));
// Parts of the SDK that its index loads at once: for programs that drive Pulumi, and for providers.
const lateParts = new Set(["./automation", "./provider"]);
const sdk = join("@pulumi", "pulumi", "index.js");
// Starts a debugger session in this process, which V8 tells of each script from then on, to find the sources of functions.
const isDebugger = (request) => request.endsWith("/v8Hooks");
const isLate = (request, parent) => latePackages.has(request) || (lateParts.has(request) && parent?.filename?.endsWith(sdk));

const load = Module._load;
Module._load = function (request, parent, isMain) {
  const real = () => load.call(Module, request, parent, isMain);
  if (lateMembers.has(request)) return late(real, (key) => late(() => real()[key]));
  if (isDebugger(request)) return late(real, (key) => (key === "isInitializedAsync" ? () => Promise.resolve() : real()[key]));
  if (isLate(request, parent)) return late(real, (key) => real()[key]);
  return load.call(this, request, parent, isMain);
};

/** Stands for what `real` loads, until it is used. */
function late(real, member = (key) => real()[key]) {
  return new Proxy(function () {}, {
    // The SDK's compiled imports ask this first; the true answer would load the package.
    get: (_, key) => (key === "__esModule" ? true : member(key)),
    construct: (_, args) => Reflect.construct(real(), args),
    apply: (_, self, args) => Reflect.apply(real(), self, args),
  });
}
