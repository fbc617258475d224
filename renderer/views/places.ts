import type { RouteRecordRaw } from 'vue-router'

/** A view of the window: its entry in the rail, its key, its page. */
export interface Place {
  readonly path: string
  readonly title: string
  /** Pressed after `g`. */
  readonly key: string
  /** Shown while there is no agent to talk to, too. */
  readonly withoutAgent: boolean
  readonly route: RouteRecordRaw
}

function place(
  path: string,
  title: string,
  key: string,
  component: RouteRecordRaw['component'],
  { pattern = path, withoutAgent = false } = {},
): Place {
  return { path, title, key, withoutAgent, route: { path: pattern, component: component ?? null } as RouteRecordRaw }
}

/** In the order of the rail. Each page is a chunk of its own, loaded when it is opened. */
export const places: readonly Place[] = [
  place('/flow', 'Flow', 'f', () => import('./flow/FlowView.vue')),
  place('/channel', 'Channel', 'c', () => import('./channel/ChannelView.vue'), { pattern: '/channel/:channel?' }),
  place('/backlog', 'Backlog', 'b', () => import('./backlog/BacklogView.vue'), { pattern: '/backlog/:channel?' }),
  place('/sources', 'Sources', 's', () => import('./sources/SourcesView.vue'), { pattern: '/sources/:source?' }),
  place('/configuration', 'Configuration', 'o', () => import('./configuration/ConfigurationView.vue')),
  place('/secrets', 'Secrets', 'k', () => import('./secrets/SecretsView.vue'), {
    pattern: '/secrets/:secret?',
    withoutAgent: true,
  }),
  place('/events', 'Events', 'e', () => import('./events/EventsView.vue')),
  place('/setup', 'Set up', 'u', () => import('./setup/SetupView.vue')),
]

/** Places that are reached from another one; by their path they belong to its entry in the rail. */
export const innerRoutes: readonly RouteRecordRaw[] = [
  { path: '/backlog/folder/:folder', component: () => import('./folder/FolderView.vue') },
]
