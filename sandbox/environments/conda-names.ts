// What conda packages are called on PyPI, and which of them exist only to bring system libraries that a wheel carries itself.

/** conda name → PyPI name, where the two differ. */
export const pypiNames: Readonly<Record<string, string>> = {
  "pytorch": "torch",
  "pytorch-cpu": "torch",
  "pytorch-gpu": "torch",
  "tensorflow-gpu": "tensorflow",
  "tensorflow-cpu": "tensorflow",
  "tensorflow-base": "tensorflow",
  "py-xgboost": "xgboost",
  "py-xgboost-cpu": "xgboost",
  "py-xgboost-gpu": "xgboost",
  "py-lightgbm": "lightgbm",
  "matplotlib-base": "matplotlib",
  "dask-core": "dask",
  "msgpack-python": "msgpack",
  "opencv": "opencv-python-headless",
  "py-opencv": "opencv-python-headless",
  "python-blosc": "blosc",
  "importlib_metadata": "importlib-metadata",
  "pytables": "tables",
  "pyqt": "PyQt5",
  "python-graphviz": "graphviz",
  "python-duckdb": "duckdb",
  "pyarrow-core": "pyarrow",
};

/** Packages of system libraries, compilers and tools: a wheel carries what it needs of them. */
const systemPackages = new Set([
  "_libgcc_mutex", "_openmp_mutex", "blas", "libblas", "libcblas", "liblapack", "openblas", "libopenblas", "mkl", "mkl-service",
  "intel-openmp", "llvm-openmp", "libgcc", "libgcc-ng", "libgomp", "libstdcxx-ng", "libstdcxx", "libgfortran", "libgfortran-ng", "gcc",
  "gxx", "gcc_linux-64", "gxx_linux-64", "gfortran", "clang", "make", "cmake", "ninja", "pkg-config", "openssl", "ca-certificates",
  "zlib", "bzip2", "xz", "zstd", "lz4-c", "snappy", "readline", "ncurses", "sqlite", "tk", "libffi", "libpng", "libjpeg-turbo",
  "jpeg", "libtiff", "freetype", "fontconfig", "libxml2", "libxslt", "libuuid", "libxcb", "ffmpeg", "nodejs", "openjdk", "git", "git-lfs", "curl",
  "wget", "libcurl", "libuv", "cudatoolkit", "cuda", "cuda-toolkit", "cuda-version", "cudnn", "nccl", "pytorch-cuda", "pytorch-mutex", "cpuonly",
  "libaio", "openmpi", "mpi", "mpich", "libprotobuf", "arrow-cpp", "libarrow", "hdf5", "geos", "proj", "gdal-libs", "libspatialindex", "graphviz",
  "swig", "unixodbc", "libboost", "boost-cpp", "icu", "libsodium", "zeromq", "yaml", "libyaml", "expat", "gettext", "glib", "gmp", "mpfr",
  "ld_impl_linux-64", "binutils", "binutils_linux-64", "sysroot_linux-64", "kernel-headers_linux-64", "libzlib", "libsqlite", "libnsl", "conda", "mamba",
  "pandoc", "r-base", "libev", "c-ares", "krb5", "libedit", "libssh2", "nghttp2", "patchelf",
]);

/** True for a conda package that has no PyPI counterpart because it is a system library, compiler or tool. */
export function isSystemPackage(name: string): boolean {
  return systemPackages.has(name) || /^(lib(gcc|stdcxx|gfortran|cublas|cufft|curand|cusolver|cusparse|npp|nvjpeg)|cuda-)/.test(name);
}

/**
 * PyPI packages that cannot be had as a wheel, with the parts of them that a job or a scoring script imports.
 * `azureml-defaults` pulls in `fusepy` and `json-logging-py`, which exist as source only.
 */
export const replacements: Readonly<Record<string, { readonly by: readonly string[]; readonly why: string }>> = {
  "azureml-defaults": {
    by: ["azureml-core", "azureml-inference-server-http", "applicationinsights"],
    why: "it needs packages that exist as source only (fusepy, json-logging-py)",
  },
};
