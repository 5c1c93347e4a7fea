package dev.streamingsaga.spring;

import dev.streamingsaga.StreamingSaga;
import org.apache.camel.CamelContext;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * One instance, {@code saga}, as a bean, which camel-spring-boot adds to its context as it does with any routes. It
 * stays away when {@code streaming-saga.enabled} is false, or when the application has a {@link StreamingSaga} bean of
 * its own, or several.
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
