// Settings in, outputs out.
import { startProviders } from "./stacks/providers.ts";

const { signedIn } = await startProviders();
await import("./stacks/start.ts");
await import("./stacks/zod.ts");
const [{ getProject, getStack }, { permitted }, { build }] = await Promise.all([
  import("@pulumi/pulumi"),
  import("./stacks/permitted.ts"),
  import("./stacks/index.ts"),
]);

export default await build(getProject(), getStack(), async () => {
  await signedIn();
  await permitted(getProject(), getStack());
});
