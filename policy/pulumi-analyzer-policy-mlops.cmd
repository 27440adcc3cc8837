@rem Pulumi on Windows starts this; see pulumi-analyzer-policy-mlops.
@"%~dp0..\node_modules\.bin\node.cmd" --disable-warning=ExperimentalWarning --require "%~dp0..\stacks\preload.cjs" "%~dp0main.ts" %*
