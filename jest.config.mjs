// Tests run the same way as the program: Node's own type stripping, ES modules, no build step.
export default {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: { "\\.ts$": "./tools/jest-strip-types.mjs" },
  testMatch: ["<rootDir>/**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/\\.sandbox", "<rootDir>/\\.tools"],
  testTimeout: 30_000,
};
