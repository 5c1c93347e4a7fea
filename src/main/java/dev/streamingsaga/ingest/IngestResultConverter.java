package dev.streamingsaga.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.camel.Exchange;
import org.apache.camel.TypeConversionException;
import org.apache.camel.spi.TypeConverterLoader;
import org.apache.camel.spi.TypeConverterRegistry;
import org.apache.camel.support.TypeConverterSupport;

/**
 * Converts an {@link IngestResult} to the JSON of {@code ingest --json}, as String, bytes or stream. Camel discovers it
 * in every context with our jar on its class path, also without an instance; {@link #register} is for a context that
 * does not discover converters.
 */
public final class IngestResultConverter extends TypeConverterSupport implements TypeConverterLoader {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Registering it again is harmless. */
    public static void register(TypeConverterRegistry converters) {
        IngestResultConverter converter = new IngestResultConverter();
        converters.addTypeConverter(String.class, IngestResult.class, converter);
        converters.addTypeConverter(byte[].class, IngestResult.class, converter);
        converters.addTypeConverter(InputStream.class, IngestResult.class, converter);
    }

    @Override
    public void load(TypeConverterRegistry registry) {
        register(registry);
    }

    @Override
    public <T> T convertTo(Class<T> type, Exchange exchange, Object value) {
        try {
            String json = JSON.writeValueAsString(value);
            if (type == String.class) {
                return type.cast(json);
            }
            byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
            return type.cast(type == byte[].class ? bytes : new ByteArrayInputStream(bytes));
        } catch (JsonProcessingException e) {
            throw new TypeConversionException(value, type, e);
        }
    }
}
