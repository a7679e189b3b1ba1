// Where the person is: the path and the query of the address, which holds every filter, so that an address can be sent to a
// colleague.
export class Router {
  path = $state(location.pathname)
  search = $state(location.search)

  constructor() {
    addEventListener('popstate', () => {
      this.path = location.pathname
      this.search = location.search
    })
    addEventListener('click', (event) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null
      const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
      if (
        !link ||
        !plain ||
        event.defaultPrevented ||
        link.target ||
        link.origin !== location.origin ||
        link.hasAttribute('data-away')
      )
        return
      if (link.hash && link.pathname === location.pathname) return
      event.preventDefault()
      this.go(link.pathname + link.search)
    })
  }

  get screen(): string {
    return this.path.split('/')[1] ?? ''
  }

  get(name: string): string {
    return new URLSearchParams(this.search).get(name) ?? ''
  }

  go(to: string): void {
    const url = new URL(to, location.origin)
    if (url.pathname === this.path && url.search === this.search) return
    history.pushState(null, '', url.pathname + url.search)
    this.path = url.pathname
    this.search = url.search
  }

  // The same page with some of its query changed; an empty value takes the name away.
  with(changes: Record<string, string>): string {
    const wanted = new URLSearchParams(this.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value) wanted.set(name, value)
      else wanted.delete(name)
    }
    const text = wanted.toString()
    return this.path + (text ? '?' + text : '')
  }
}

export const router = new Router()
