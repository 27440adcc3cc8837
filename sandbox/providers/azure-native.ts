// The executable pulumi-resource-azure-native of the sandbox. Arguments: folder of the tables, version.
import { AzureNativeProvider } from "./azure-native-provider.ts";
import { serve } from "./rpc/server.ts";
import { Tables } from "./table/load.ts";

const [, , tablesDir = "", version = ""] = process.argv;
const provider = new AzureNativeProvider(version, new Tables(tablesDir), process.env);
serve(provider, () => provider.warmUp());
