/** ESLint's typed rules read .ts files without vue-tsc's eyes; vue-tsc itself sees each component's real type. */
declare module '*.vue' {
  import type { DefineComponent } from 'vue'
  const component: DefineComponent
  // eslint-disable-next-line no-restricted-syntax -- what a component file is
  export default component
}
