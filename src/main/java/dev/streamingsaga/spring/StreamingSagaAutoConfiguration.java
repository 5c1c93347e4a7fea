package dev.streamingsaga.spring;

import dev.streamingsaga.StreamingSaga;
import org.apache.camel.CamelContext;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Defines instance {@code saga} as a bean; camel-spring-boot adds it to the Camel context like any other routes. It
 * backs off if {@code streaming-saga.enabled} is false or the application defines any {@link StreamingSaga} bean.
 */
@AutoConfiguration
@ConditionalOnClass(CamelContext.class)
@ConditionalOnBooleanProperty(name = "streaming-saga.enabled", matchIfMissing = true)
public class StreamingSagaAutoConfiguration {
    @Bean(destroyMethod = "")
    @ConditionalOnMissingBean
    StreamingSaga streamingSaga() {
        return new StreamingSaga();
    }
}
