import { fullAlarms } from './full-alarm.ts'

/** Codes of what wants the operator's attention before it is too late; the desktop makes notices of them. */
export const alarmCodes = [...fullAlarms.map(({ code }) => code), 'upstream-down', 'disk-low'] as const
