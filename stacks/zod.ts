// Loads zod without its messages in 50 languages, a module each, which its index loads and nothing here asks for.
import { registerHooks } from "node:module";

const hooks = registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "../locales/index.js" ? { url: "data:text/javascript,export{}", shortCircuit: true } : next(specifier, context),
});
await import("zod");
// Not longer than needed: with hooks, every module that is loaded takes the slow path.
hooks.deregister();
