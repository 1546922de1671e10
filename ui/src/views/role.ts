/** Through whose eyes the page is seen: the role of the person signed in, or one that is chosen and remembered. */

import { signal } from "@preact/signals";
import { ROLES, views, type RoleId, type Roles } from "./answers";

const KEY = "bessinside.role";

/** The roles that there are, null before they were asked for. */
export const roles = signal<Roles | null>(null);
/** The role in force, null for everybody's page. */
export const role = signal<RoleId | null>(null);

export const isRole = (text: string | null): text is RoleId => ROLES.includes(text as RoleId);

export async function learnRoles(language: string): Promise<void> {
  const found = await views.roles(language);
  roles.value = found;
  if (found.mine) role.value = found.mine;
  else if (role.value === null) role.value = remembered();
}

/** Chooses a role where there is a choice; null takes the emphasis away. */
export function chooseRole(next: RoleId | null): void {
  if (roles.value && !roles.value.choice) return;
  role.value = next;
  try {
    if (next) localStorage.setItem(KEY, next);
    else localStorage.removeItem(KEY);
  } catch {
    // a browser that keeps nothing forgets the role with the page
  }
}

function remembered(): RoleId | null {
  try {
    const kept = localStorage.getItem(KEY);
    return isRole(kept) ? kept : null;
  } catch {
    return null;
  }
}
