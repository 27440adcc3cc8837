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

const latePackages = new Set(["typescript", "@npmcli/arborist"]);
// Parts of the SDK that its index loads at once: for programs that drive Pulumi, and for providers.
const lateParts = new Set(["./automation", "./provider"]);
const sdk = join("@pulumi", "pulumi", "index.js");
const isLate = (request, parent) => latePackages.has(request) || (lateParts.has(request) && parent?.filename?.endsWith(sdk));

const load = Module._load;
Module._load = function (request, parent, isMain) {
  if (!isLate(request, parent)) return load.call(this, request, parent, isMain);
  const real = () => load.call(Module, request, parent, isMain);
  return new Proxy(function () {}, {
    // The SDK's compiled imports ask this first; the true answer would load the package.
    get: (_, key) => (key === "__esModule" ? true : real()[key]),
    construct: (_, args) => Reflect.construct(real(), args),
    apply: (_, self, args) => Reflect.apply(real(), self, args),
  });
};
