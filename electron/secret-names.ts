/** As an environment has them, so that a configuration can say `${NAME}`. */
const pattern = /^[A-Z][A-Z0-9_]{0,99}$/
/** An environment variable that changes what a program is or loads is no secret. */
const reserved = /^(?:PATH|HOME|NODE_.*|ELECTRON_.*|LD_.*|DYLD_.*|XDG_.*)$/

export function isSecretName(name: string): boolean {
  return pattern.test(name) && !reserved.test(name)
}
