@rem Pulumi on Windows starts this; see pulumi-resource-mlops.
@if not defined NODE_COMPILE_CACHE set "NODE_COMPILE_CACHE=%~dp0..\.tools\compile-cache"
@"%~dp0..\node_modules\.bin\node.cmd" --disable-warning=ExperimentalWarning "%~dp0main.ts" %*
