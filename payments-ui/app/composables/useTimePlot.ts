import type uPlot from 'uplot'
import { useResizeObserver } from '@vueuse/core'

/** What a chart's look is made of. */
export interface PlotTools {
  /** Resolves a colour with CSS variables: uPlot draws on a canvas, which cannot use them. */
  colour: (css: string) => string
  /** What the axes have in common. */
  axis: uPlot.Axis
  /** The axis of times, in the reader's zone. */
  timeAxis: uPlot.Axis
  /** The lines between the values of an axis. */
  grid: uPlot.Axis.Grid
  /** Draws a series in steps. */
  stepped: uPlot.Series.PathBuilder | undefined
}

export interface TimePlotOptions {
  host: Readonly<Ref<HTMLElement | null>>
  heightPx: number
  /** Unix times in seconds, ascending, then the values of each series. */
  data: () => uPlot.AlignedData
  /** Called again when the colours change. */
  look: (tools: PlotTools) => Pick<uPlot.Options, 'scales' | 'axes' | 'series'> & { cursorPoints?: uPlot.Cursor.Points }
  /** Receives the index of the time under the cursor. */
  hovered: Ref<number | undefined>
}

/** Draws a chart over time, as wide as its host. It follows its data, the width and the colour mode. */
export function useTimePlot({ host, heightPx, data, look, hovered }: TimePlotOptions): void {
  const colorMode = useColorMode()
  const clock = useClock()
  let UPlot: typeof uPlot | undefined
  let plot: uPlot | undefined

  function colour(css: string): string {
    const probe = document.createElement('span')
    probe.style.color = css
    host.value!.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }

  function draw(): void {
    if (!host.value || !UPlot)
      return
    const { tzDate, paths } = UPlot
    const { timeZone } = clock.value
    plot?.destroy()
    const axis = {
      stroke: colour('var(--ui-text-muted)'),
      font: '12px "Inter Variable", system-ui, sans-serif',
      ticks: { show: false },
    }
    const { cursorPoints, ...options } = look({
      colour,
      axis,
      timeAxis: { ...axis, size: TIME_AXIS_PX, values: (_plot, ticks, _axis, _space, stepSeconds) => axisTimes(ticks, stepSeconds, timeZone) },
      grid: { stroke: colour('var(--ui-border)'), width: 1 },
      stepped: paths.stepped?.({ align: 1 }),
    })
    plot = new UPlot({
      ...options,
      width: host.value.clientWidth,
      height: heightPx,
      tzDate: seconds => tzDate(new Date(seconds * 1_000), timeZone),
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: cursorPoints },
      hooks: { setCursor: [({ cursor }) => hovered.value = cursor.idx ?? undefined] },
    }, data(), host.value)
  }

  onMounted(async () => {
    UPlot = await loadUPlot()
    draw()
  })
  onBeforeUnmount(() => plot?.destroy())
  watch(data, next => plot?.setData(next))
  watch(() => [colorMode.value, clock.value.timeZone].join(), () => nextTick(draw))
  useResizeObserver(host, ([entry]) => {
    if (entry && entry.contentRect.width > 0)
      plot?.setSize({ width: entry.contentRect.width, height: heightPx })
  })
}
