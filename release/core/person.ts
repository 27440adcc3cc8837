// Who did something: what Entra says of the caller.
import { z } from "zod";

export const Person = z.strictObject({
  /** Entra object id: what identities are compared by. */
  id: z.string().min(1),
  /** For people to read: user principal name, or the application's name or id. */
  name: z.string().min(1),
  kind: z.enum(["user", "app"]),
});
export type Person = Readonly<z.infer<typeof Person>>;

/** Entra's ids are the same in any case of letters. */
export const samePerson = (a: Pick<Person, "id">, b: Pick<Person, "id">): boolean => a.id.toLowerCase() === b.id.toLowerCase();
