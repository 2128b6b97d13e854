import type { PaymentsApi } from './payments-api.ts'
import { createPaymentsApi } from './payments-api.ts'

let api: PaymentsApi | undefined

/** Returns the client of the API at NUXT_API_URL, created on first use. */
export function usePaymentsApi(): PaymentsApi {
  return api ??= createPaymentsApi({
    baseUrl: String(useRuntimeConfig().apiUrl),
  })
}
