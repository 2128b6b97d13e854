import type { PaymentsApi } from './payments-api.ts'
import { createPaymentsApi } from './payments-api.ts'

let api: PaymentsApi | undefined

/** The client of the API at NUXT_API_URL, made on first use. */
export function usePaymentsApi(): PaymentsApi {
  return api ??= createPaymentsApi({
    baseUrl: String(useRuntimeConfig().apiUrl),
  })
}
