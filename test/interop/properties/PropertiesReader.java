import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Properties;
import java.util.TreeMap;

/** Reads one base64 text a line and prints what java.util.Properties makes of it: key and value in base64, by key. */
public class PropertiesReader {
  public static void main(String[] args) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    PrintStream out = new PrintStream(System.out, false, "US-ASCII");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      Properties properties = new Properties();
      try {
        properties.load(new StringReader(new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8)));
      } catch (IllegalArgumentException e) {
        out.println("malformed");
        continue;
      }
      TreeMap<String, String> sorted = new TreeMap<>();
      for (String key : properties.stringPropertyNames())
        sorted.put(encode(key), encode(properties.getProperty(key)));
      StringBuilder answer = new StringBuilder();
      sorted.forEach((key, value) -> answer.append(key).append(':').append(value).append(' '));
      out.println(answer.toString().trim());
    }
    out.flush();
  }

  private static String encode(String text) {
    return "k" + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
