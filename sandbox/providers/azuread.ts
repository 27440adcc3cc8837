// The executable pulumi-resource-azuread of the sandbox. Argument: version.
import { AzureAdProvider } from "./azuread/provider.ts";
import { serve } from "./rpc/server.ts";

const [, , version = ""] = process.argv;
serve(new AzureAdProvider(version, process.env));
