import java.io.BufferedWriter;
import java.io.File;
import java.io.OutputStreamWriter;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Map;
import org.apache.avro.file.DataFileReader;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;

/**
 * Reads Avro container files of events with Avro's own DataFileReader. Arguments: the files. Prints a line for each file, `file`, its
 * codec and its schema, then one for each event: `event`, body and then the headers' keys and values, each in Base64, separated by
 * blanks, empty ones as `-`.
 */
public class ContainerReader {
  public static void main(String[] arguments) throws Exception {
    try (BufferedWriter out = new BufferedWriter(new OutputStreamWriter(System.out, "UTF-8"), 1 << 16)) {
      for (String name : arguments)
        try (DataFileReader<GenericRecord> reader = new DataFileReader<>(new File(name), new GenericDatumReader<>())) {
          String codec = reader.getMetaString("avro.codec");
          out.write("file " + (codec == null ? "null" : codec) + " " + reader.getSchema() + "\n");
          for (GenericRecord event : reader) {
            ByteBuffer body = (ByteBuffer) event.get("body");
            byte[] bytes = new byte[body.remaining()];
            body.get(bytes);
            out.write("event " + text(bytes));
            for (Map.Entry<?, ?> header : ((Map<?, ?>) event.get("headers")).entrySet())
              out.write(" " + text(header.getKey()) + " " + text(header.getValue()));
            out.write("\n");
          }
        }
    }
  }

  private static String text(Object value) throws Exception {
    return text(value.toString().getBytes("UTF-8"));
  }

  private static String text(byte[] bytes) {
    return bytes.length == 0 ? "-" : Base64.getEncoder().encodeToString(bytes);
  }
}
