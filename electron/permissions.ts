import type { Session } from 'electron'

/** What the page needs; Electron grants everything by default. */
const allowed = new Set<string>(['clipboard-sanitized-write', 'notifications'])

export function restrictPermissions(session: Session, ours: (address: string) => boolean): void {
  session.setPermissionRequestHandler((page, permission, answer) =>
    answer(allowed.has(permission) && ours(page.getURL())),
  )
  session.setPermissionCheckHandler(
    (page, permission, origin) => allowed.has(permission) && ours(page?.getURL() ?? `${origin}/`),
  )
  session.setDevicePermissionHandler(() => false)
}
