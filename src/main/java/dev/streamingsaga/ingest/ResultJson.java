package dev.streamingsaga.ingest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.camel.Exchange;
import org.apache.camel.TypeConversionException;
import org.apache.camel.spi.TypeConverterRegistry;
import org.apache.camel.support.TypeConverterSupport;

/** Turns an outcome into the JSON of {@code ingest --json} wherever a route wants text or bytes of it. */
final class ResultJson extends TypeConverterSupport {
    private static final ObjectMapper JSON = new ObjectMapper();

    static void register(TypeConverterRegistry converters) {
        ResultJson converter = new ResultJson();
        converters.addTypeConverter(String.class, IngestResult.class, converter);
        converters.addTypeConverter(byte[].class, IngestResult.class, converter);
        converters.addTypeConverter(InputStream.class, IngestResult.class, converter);
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
