@rem Pulumi on Windows starts this; see pulumi-resource-mlops.
@"%~dp0..\node_modules\.bin\node.cmd" --disable-warning=ExperimentalWarning "%~dp0main.ts" %*
