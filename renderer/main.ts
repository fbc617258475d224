import './style/tokens.css'
import './style/base.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { createRouter, createWebHashHistory } from 'vue-router'
import AppFrame from './AppFrame.vue'
import { connectionKey } from './connection/connection.ts'
import { desktopConnection } from './connection/desktop-connection.ts'
import { httpConnection } from './connection/http-connection.ts'
import { useNotices } from './stores/notices.ts'
import { innerRoutes, places } from './views/places.ts'

// Beside the page's own address there is nothing to look up: links to a view work in a browser, a window and a notice.
const router = createRouter({
  history: createWebHashHistory(),
  routes: [{ path: '/', redirect: '/flow' }, ...places.map(({ route }) => route), ...innerRoutes],
})
// The first view is asked for before the frame is built: the router would wait for that.
for (const { components } of router.resolve(location.hash.slice(1) || '/flow').matched)
  if (typeof components?.default === 'function') void (components.default as () => Promise<unknown>)()
const app = createApp(AppFrame)
app.provide(connectionKey, window.sluice ? desktopConnection(window.sluice) : httpConnection())
app.use(createPinia())
app.use(router)
app.config.errorHandler = (error) => {
  console.error(error)
  useNotices().error(`Something in this page failed: ${error instanceof Error ? error.message : String(error)}`)
}
window.sluice?.desktop.onNavigate((path) => void router.push(path))
app.mount('#app')
