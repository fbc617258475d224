/** Everything the app asked of the desktop, in order, for a test to read: `[name, ...arguments]`. */
export const calls = []

export const recorded =
  (name) =>
  (...args) =>
    void calls.push([name, ...args])
