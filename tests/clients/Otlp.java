import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.concurrent.TimeUnit;

/**
 * Sends a log record, a span and a number with the OpenTelemetry SDK for Java and its automatic configuration, which
 * exports by gRPC: the environment alone sets the endpoint.
 */
public class Otlp {
    public static void main(String[] arguments) {
        OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.initialize().getOpenTelemetrySdk();
        Span span = sdk.getTracer("shop").spanBuilder("pay").startSpan();
        try (Scope scope = span.makeCurrent()) {
            sdk.getLogsBridge().get("shop").logRecordBuilder().setSeverity(Severity.INFO).setBody("paid").emit();
        }
        span.end();
        sdk.getMeter("shop").counterBuilder("orders").build().add(3, Attributes.of(AttributeKey.stringKey("kind"), "card"));
        // Sends what is left.
        if (!sdk.shutdown().join(20, TimeUnit.SECONDS).isSuccess()) {
            System.exit(1);
        }
    }
}
