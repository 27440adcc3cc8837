// A manifest for tests.
import { folderDigest, sha256 } from "./digest.ts";
import type { ManifestBody } from "./manifest.ts";

const ann = { id: "1", name: "ann", kind: "user" } as const;
/** A manifest without its digest, as a test may begin with. */
export const body: ManifestBody = {
  schema: "mlops-release/1",
  id: "diabetes-10",
  model: {
    name: "diabetes",
    version: "10",
    type: "mlflow_model",
    files: [{ path: "MLmodel", size: 3, sha256: sha256("abc") }],
    digest: folderDigest([{ path: "MLmodel", size: 3, sha256: sha256("abc") }]),
  },
  run: { workspace: "/subscriptions/s", job: "j", parameters: { alpha: "1.0" }, metrics: { rmse: 53.4 }, trainedBy: [ann] },
  gate: { passed: true, rules: sha256(""), verdicts: [] },
  data: [{ name: "diabetes", version: "1" }],
  environments: [],
  components: [],
  code: { commit: null, dirty: false, repository: null },
  created: { at: "2026-05-01T12:00:00Z", by: ann },
};
