// Sends a log record, a span and a number with the OpenTelemetry SDK for Go, by its exporters for gRPC without options:
// the environment alone sets the endpoint.
package main

import (
	"context"
	"log"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	logapi "go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	background := context.Background()

	spans := trace.NewTracerProvider(trace.WithBatcher(must(otlptracegrpc.New(background))))
	inSpan, span := spans.Tracer("shop").Start(background, "pay")

	records := sdklog.NewLoggerProvider(
		sdklog.WithProcessor(sdklog.NewBatchProcessor(must(otlploggrpc.New(background)))))
	var record logapi.Record
	record.SetBody(attribute.StringValue("paid"))
	record.SetSeverity(logapi.SeverityInfo)
	records.Logger("shop").Emit(inSpan, record)
	span.End()

	numbers := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(must(otlpmetricgrpc.New(background)))))
	orders := must(numbers.Meter("shop").Int64Counter("orders"))
	orders.Add(background, 3, metric.WithAttributes(attribute.String("kind", "card")))

	// Each sends what is left, and reports a failed export.
	for _, shutdown := range []func(context.Context) error{spans.Shutdown, records.Shutdown, numbers.Shutdown} {
		if err := shutdown(background); err != nil {
			log.Fatal(err)
		}
	}
}
