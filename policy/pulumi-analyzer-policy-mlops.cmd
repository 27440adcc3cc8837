@rem Pulumi on Windows starts this; see pulumi-analyzer-policy-mlops.
@"%~dp0..\node_modules\.bin\node.cmd" --disable-warning=ExperimentalWarning "%~dp0main.ts" %*
