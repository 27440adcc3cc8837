// Tags that every resource of a stack has.

export const stackTags = (
  settings: { readonly tags: Readonly<Record<string, string>>; readonly prefix: string },
  stage: string,
): Record<string, string> => ({
  project: settings.prefix,
  stage,
  managedBy: "pulumi",
  ...settings.tags,
});
